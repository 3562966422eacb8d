"""Chunks of log events: how they are cut, and the bytes each is kept as."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

from isal import isal_zlib

SPAN = 60_000
"""Milliseconds that a chunk covers at most, so that what overlaps a time is found by an index."""

SIZE = 1 << 18
"""Characters that a chunk holds at most, unless one event alone is longer."""

OVERHEAD = 26
"""Bytes that AWS counts for an event besides its message's (TG-040)."""

_LEVEL = 1
_HEAD = struct.Struct("<II")  # events, runs of equal ingestion times
_RUN = struct.Struct("<qI")  # ingestion time, events
_GAP = "\0"


class Event(NamedTuple):
    """An event of a stream. Times are in milliseconds; events are sorted by their first three."""

    at: int
    stream_id: int
    number: int
    message: str
    ingested: int


class Chunk(NamedTuple):
    """Events in the order of their times, compressed."""

    events: int
    size: int  # as AWS counts it
    first_at: int
    last_at: int
    data: bytes


class Columns(NamedTuple):
    """The events of a chunk, an attribute a list."""

    times: Sequence[int]
    messages: Sequence[str]
    ingested: Sequence[int]


def pack(events: Sequence[tuple[int, str]], ingested: int) -> list[Chunk]:
    """(milliseconds, message) events, in the order of their times, as chunks.

    NUL characters become U+FFFD, and surrogates without their other half a question mark.
    """
    times, messages = zip(*events, strict=True)
    if list(times) != sorted(times):
        times, messages = zip(*sorted(events, key=itemgetter(0)), strict=True)
    return [
        _pack(times[start:end], messages[start:end], [(ingested, end - start)])
        for start, end in cuts(times, messages)
    ]


def cuts(times: Sequence[int], messages: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where to cut sorted events so that no piece is longer than SPAN or larger than SIZE."""
    start = 0
    while start < len(times):
        end = bisect_right(times, times[start] + SPAN, start)
        if sum(map(len, messages[start:end])) > SIZE:
            end = _fitting(messages, start, end)
        yield start, end
        start = end


def _fitting(messages: Sequence[str], start: int, end: int) -> int:
    size = 0
    for index in range(start, end):
        size += len(messages[index])
        if size > SIZE and index > start:
            return index
    return end


def pack_columns(columns: Columns) -> Chunk:
    """One chunk of events that may be in one: see `cuts`."""
    return _pack(columns.times, columns.messages, list(_runs(columns.ingested)))


def _pack(
    times: Sequence[int], messages: Sequence[str], ingested: Sequence[tuple[int, int]]
) -> Chunk:
    """`ingested` are times and for how many events in a row."""
    count, first = len(times), times[0]
    text = _GAP.join(messages)
    if text.count(_GAP) != count - 1:
        text = _GAP.join(message.replace(_GAP, "\ufffd") for message in messages)
    utf8 = text.encode("utf-8", "replace")
    plain = b"".join(
        (
            _HEAD.pack(count, len(ingested)),
            struct.pack(f"<{count}H", *[time - first for time in times]),
            *(_RUN.pack(*run) for run in ingested),
            utf8,
        )
    )
    size = len(utf8) - (count - 1) + OVERHEAD * count
    return Chunk(count, size, first, times[-1], isal_zlib.compress(plain, _LEVEL))


def _runs(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(value, how many of it in a row)."""
    start = 0
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[start]:
            yield values[start], index - start
            start = index


def unpack_columns(data: bytes, first_at: int) -> Columns:
    plain = isal_zlib.decompress(data)
    count, runs = _HEAD.unpack_from(plain)
    place = _HEAD.size
    times = [first_at + offset for offset in struct.unpack_from(f"<{count}H", plain, place)]
    place += 2 * count
    ingested: list[int] = []
    for time, length in _RUN.iter_unpack(plain[place : place + runs * _RUN.size]):
        ingested.extend(repeat(time, length))
    messages = plain[place + runs * _RUN.size :].decode().split(_GAP)
    return Columns(times, messages, ingested)


def unpack(
    data: bytes,
    stream_id: int,
    number: int,
    first_at: int,
    keep: Callable[[str], bool] | None = None,
) -> list[Event]:
    """The events of a chunk in their order, or those whose message is to be kept."""
    times, messages, ingested = unpack_columns(data, first_at)
    if keep is None:
        numbers = range(number, number + len(times))
        return list(map(Event, times, repeat(stream_id), numbers, messages, ingested))
    return [
        Event(times[index], stream_id, number + index, message, ingested[index])
        for index, message in enumerate(messages)
        if keep(message)
    ]
