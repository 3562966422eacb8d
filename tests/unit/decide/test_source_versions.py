"""What source versions name."""

from __future__ import annotations

import pytest

from penstock.decide.source_versions import Wanted, read_version, ref_of

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("version", "wanted", "ref"),
    [
        ("", Wanted("HEAD"), ""),
        ("main", Wanted("main"), "refs/heads/main"),
        ("refs/tags/v1", Wanted("refs/tags/v1"), "refs/tags/v1"),
        (SHA, Wanted(SHA), ""),
        ("0123456", Wanted("0123456"), ""),
        ("pr/12", Wanted("refs/pull/12/head"), ""),
        (f"refs/heads/a/b^{{{SHA}}}", Wanted("refs/heads/a/b", SHA), "refs/heads/a/b"),
    ],
)
def test_a_version_is_read(version: str, wanted: Wanted, ref: str) -> None:
    """CB-151"""
    assert read_version(version) == wanted
    assert ref_of(version) == ref


def test_a_version_is_no_option_of_git() -> None:
    with pytest.raises(ValueError, match="dash"):
        read_version("--upload-pack=sh")
