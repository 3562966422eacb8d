from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.codebuild.batch_lines import LONGEST, Lines, event_of, prefix, shown_prefix

chunks = st.lists(st.binary(max_size=6) | st.sampled_from([b"\n", b"a\n", b"\n\n"]), max_size=12)


@given(chunks)
def test_whole_lines_come_out_labelled_however_they_were_cut(data: list[bytes]) -> None:
    """CB-100"""
    lines = Lines(prefix("id"))
    said = b"".join([*(lines.feed(part) for part in data), lines.flush()])
    text = b"".join(data)
    expected = text.removesuffix(b"\n").split(b"\n") if text else []
    assert said == b"".join(b"id | " + line + b"\n" for line in expected)


def test_a_line_without_an_end_is_cut_and_not_kept_for_ever() -> None:
    """CB-100"""
    lines = Lines(prefix("id"))
    part = b"x" * (1 << 20)
    said = b"".join([*(lines.feed(part) for _ in range(40)), lines.flush()])
    assert said.count(b"x") == 40 << 20
    assert max(map(len, said.split(b"\n"))) < LONGEST + (2 << 20)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain", b"> plain"),
        (b"10%\r50%\rdone\r", b"> done"),
        (b"\x1b[31mred", b"> \x1b[31mred\x1b[0m"),
    ],
)
def test_a_person_sees_the_last_of_a_redrawn_line_and_no_colour_runs_over(
    line: bytes, shown: bytes
) -> None:
    """CB-100"""
    assert shown_prefix("> ")(line) == shown


@given(st.binary(max_size=20).filter(lambda line: b"\n" not in line))
def test_any_line_becomes_one_json_event_of_its_build(line: bytes) -> None:
    """CB-100"""
    event = json.loads(event_of('a "b"')(line))
    assert (event["identifier"], event["event"]) == ('a "b"', "note")
    assert event["text"] == line.decode("utf-8", "replace")


def test_an_event_of_a_build_is_kept_and_told_whose_it_is() -> None:
    """CB-100"""
    line = json.dumps({"event": "output", "at": 1, "text": "x"}).encode()
    expected = {"identifier": "b", "event": "output", "at": 1, "text": "x"}
    assert json.loads(event_of("b")(line)) == expected
