"""Tokens are opaque and checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.services.paging import cut, make_token, read_token

BAD = AwsError("InvalidNextTokenException", "The specified nextToken is invalid.")


@given(st.lists(st.one_of(st.text(), st.integers(), st.none())))
def test_a_token_gives_back_the_position_it_was_made_for(position: list[object]) -> None:
    assert read_token("groups", make_token("groups", *position), BAD) == tuple(position)


@pytest.mark.parametrize("text", ["x", "====", "é", "eyJhIjoxfQ==", "AAAAAFtd", "a" * 5000])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="nextToken"):
        read_token("groups", text, BAD)


def test_a_token_of_another_listing_is_refused() -> None:
    with pytest.raises(AwsError):
        read_token("streams", make_token("groups", 1), BAD)


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_the_beginning(token: str | None) -> None:
    assert read_token("groups", token, BAD) is None


def test_a_page_with_more_behind_it_has_a_token_for_its_last_row() -> None:
    assert cut([1, 2, 3], 2, lambda row: f"after {row}") == ([1, 2], "after 2")
    assert cut([1, 2], 2, str) == ([1, 2], None)
