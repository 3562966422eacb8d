"""Build badges."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from penstock.services.codebuild.badges import Badge, badge_of, badge_svg


@pytest.mark.parametrize(
    ("status", "badge"),
    [
        ("SUCCEEDED", Badge.PASSING),
        ("FAILED", Badge.FAILING),
        ("FAULT", Badge.FAILING),
        ("TIMED_OUT", Badge.FAILING),
        ("STOPPED", Badge.FAILING),
        ("IN_PROGRESS", Badge.IN_PROGRESS),
        (None, Badge.UNKNOWN),
    ],
)
def test_a_badge_says_how_the_last_build_ended(status: str | None, badge: Badge) -> None:
    """CB-175: passing, failing, in progress, unknown."""
    assert badge_of(status) is badge


@pytest.mark.parametrize("badge", Badge)
def test_a_badge_is_a_picture_with_its_word(badge: Badge) -> None:
    picture = ElementTree.fromstring(badge_svg(badge))
    assert picture.get("aria-label") == f"build: {badge.value[0]}"
