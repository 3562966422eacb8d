"""Globs of triggers (CP-110)."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.globs import matches, objection
from penstock.documents.pipelines import Globs


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "mainline", False),
        ("feature/*", "feature/a", True),
        ("feature/*", "feature/a/b", False),
        ("feature/**", "feature/a/b", True),
        ("feature/**", "feature", False),
        ("**", "any/thing", True),
        ("**", "", True),
        ("*", "a/b", False),
        ("**/README.md", "README.md", True),
        ("**/README.md", "docs/a/README.md", True),
        ("**/README.md", "NOTREADME.md", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/a/b.py", True),
        ("src/**/*.py", "srca.py", False),
        ("a**/b", "ax/y/b", True),
        ("v?.0", "v1.0", True),
        ("a?b", "a/b", False),
        ("v[0-9].*", "v1.2", True),
        ("v[0-9].*", "vx.2", False),
        ("[!a]b", "cb", True),
        ("[!a]b", "ab", False),
        ("[!a]b", "/b", False),
        ("{main,rel-*}", "rel-1", True),
        ("{main,rel-*}", "dev", False),
        ("{a,b{c,d}}x", "bdx", True),
        ("a{b", "a{b", True),
        ("a}b", "a}b", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("]x[", "]x[", True),
        ("[z-a]", "m", False),
        ("{a,b}" * 40, "a" * 40, False),
    ],
)
def test_a_glob_matches_whole_names(glob: str, text: str, expected: bool) -> None:
    """CP-110"""
    assert matches(glob, text) is expected


@given(st.text("ab*", max_size=12), st.text("ab", max_size=12))
def test_within_a_segment_globs_are_those_of_shells(glob: str, text: str) -> None:
    assert matches(glob, text) == fnmatchcase(text, glob)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_glob(glob: str, text: str) -> None:
    assert matches(glob, text) in (True, False)


def test_no_glob_is_slow() -> None:
    """With an engine that backtracks this would not end."""
    assert not matches("*a" * 60 + "b", "a" * 2_000)


def test_excludes_win() -> None:
    """CP-109"""
    globs = Globs(("**",), ("wip/**",))
    assert objection(globs, "main") is None
    assert objection(globs, "wip/x") == "wip/x is excluded by wip/**"
    assert objection(Globs(("main", "rel-*")), "dev") == "dev is none of main, rel-*"
