"""Chunks of log events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.store.log_chunks import OVERHEAD, SIZE, SPAN, Columns, pack, pack_columns, unpack

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 10 * SPAN), st.text(st.characters(codec="utf-8", exclude_characters="\0"))
    ),
    min_size=1,
    max_size=30,
)


@given(EVENTS)
def test_events_come_back_in_the_order_of_their_times(events: list[tuple[int, str]]) -> None:
    number, found = 0, []
    for chunk in pack(events, 7):
        run = unpack(chunk.data, 1, number, chunk.first_at)
        assert (chunk.first_at, chunk.last_at) == (run[0].at, run[-1].at)
        assert chunk.last_at - chunk.first_at <= SPAN
        assert len(run) == chunk.events
        assert chunk.size == sum(len(event.message.encode()) + OVERHEAD for event in run)
        number += chunk.events
        found += run
    assert [(event.at, event.message) for event in found] == sorted(events, key=lambda e: e[0])
    assert [event.number for event in found] == list(range(len(events)))
    assert {event.ingested for event in found} == {7}


def test_no_chunk_is_larger_than_it_may_be_unless_an_event_is() -> None:
    events = [(0, "x" * (SIZE // 3))] * 5 + [(0, "y" * 2 * SIZE), (0, "z")]
    assert [chunk.events for chunk in pack(events, 0)] == [3, 2, 1, 1]


def test_what_text_in_utf_8_cannot_be_is_replaced() -> None:
    (chunk,) = pack([(0, "a\0b"), (0, "\ud800"), (0, "")], 0)
    assert [e.message for e in unpack(chunk.data, 1, 0, 0)] == ["a\ufffdb", "?", ""]


def test_events_keep_their_own_ingestion_times_and_only_wanted_ones_are_unpacked() -> None:
    chunk = pack_columns(Columns([5, 5, 6], ["one", "two", "three"], [10, 10, 20]))
    events = unpack(chunk.data, 1, 40, 5, lambda message: "e" in message)
    assert [(e.number, e.message, e.ingested) for e in events] == [
        (40, "one", 10),
        (42, "three", 20),
    ]
