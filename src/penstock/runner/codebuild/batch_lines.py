"""The lines of a build's output, each told apart from those of the builds beside it."""

from __future__ import annotations

import json
from collections.abc import Callable

# A line is cut there, or a build that ends none would fill the memory. Events of the JSON log with
# all that a read brings stay below it.
LONGEST = 1 << 24

Label = Callable[[bytes], bytes]


class Lines:
    """Passes whole lines on, labelled; what is left open waits for its end."""

    def __init__(self, label: Label) -> None:
        self._label = label
        self._open = bytearray()

    def feed(self, data: bytes) -> bytes:
        self._open += data
        if b"\n" not in data and len(self._open) <= LONGEST:
            return b""
        *whole, rest = bytes(self._open).split(b"\n")
        if len(rest) > LONGEST:
            whole, rest = [*whole, rest], b""
        self._open = bytearray(rest)
        return b"".join([self._label(line) + b"\n" for line in whole])

    def flush(self) -> bytes:
        return self.feed(b"\n") if self._open else b""


def prefix(identifier: str) -> Label:
    """`identifier | line`, the line byte for byte."""
    start = f"{identifier} | ".encode()
    return lambda line: start + line


def shown_prefix(start: str) -> Label:
    """For a person: a line that redraws itself is shown as it ends, and keeps its colours to it."""
    begin = start.encode()

    def label(line: bytes) -> bytes:
        last = line.rstrip(b"\r").rpartition(b"\r")[2]
        return begin + last + (b"\x1b[0m" if b"\x1b" in last else b"")

    return label


def event_of(identifier: str) -> Label:
    """An event of the JSON log with the build it is of; any other line becomes a note of it."""
    start = f'{{"identifier": {json.dumps(identifier)}, '.encode()

    def label(line: bytes) -> bytes:
        if line.startswith(b'{"event": ') and _is_json(line):
            return start + line[1:]
        text = json.dumps(line.decode("utf-8", "replace"))
        return start + f'"event": "note", "text": {text}}}'.encode()

    return label


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
