from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.buildspec import FailureAction, OnFailure
from penstock.documents.buildspec_phases import parse_on_failure

RETRY = FailureAction.RETRY


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("ABORT", OnFailure(FailureAction.ABORT)),
        ("CONTINUE", OnFailure(FailureAction.CONTINUE)),
        ("RETRY", OnFailure(RETRY, 3, ".*")),
        ("RETRY-0", OnFailure(RETRY, 0, ".*")),
        ("RETRY-100", OnFailure(RETRY, 100, ".*")),
        ("RETRY-time.?out", OnFailure(RETRY, 3, "time.?out")),
        ("RETRY-5-5xx-[a-z]+", OnFailure(RETRY, 5, "5xx-[a-z]+")),
        ("RETRY-5xx", OnFailure(RETRY, 3, "5xx")),
    ],
)
def test_on_failure_forms(text: str, parsed: OnFailure) -> None:
    """CB-043, CB-044"""
    assert parse_on_failure(text) == parsed


@pytest.mark.parametrize(
    "text",
    ["", "abort", "STOP", "RETRY-", "RETRY-101", "RETRY-9999", "RETRY-(", "RETRYx"],
)
def test_anything_else_is_refused(text: str) -> None:
    """CB-043, CB-044"""
    assert parse_on_failure(text) is None


@given(st.from_regex(r"RETRY-?[0-9\[(*+?a{},\\-]*", fullmatch=True))
def test_no_text_makes_it_raise(text: str) -> None:
    parsed = parse_on_failure(text)
    assert parsed is None or 0 <= parsed.retries <= 100
