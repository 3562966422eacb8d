"""Command lines: what they give, and what is said of those that make no sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.cli.options import Given, Option, Usage, UsageError, describe, parse
from penstock.cli.run import USAGE

TOY = Usage(
    "toy",
    "Does little.",
    (
        Option(("--jobs", "-j"), "how many", "N"),
        Option(("--env",), "a variable", "NAME=VALUE", many=True),
        Option(("--color",), "when", "WHEN", choices=("always", "never")),
        Option(("--in-place",), "here"),
    ),
    words="[PATH…]",
)


@pytest.mark.parametrize(
    ("line", "options", "words"),
    [
        ("", {}, ()),
        ("a b", {}, ("a", "b")),
        ("--jobs 4", {"jobs": ("4",)}, ()),
        ("--jobs=4", {"jobs": ("4",)}, ()),
        ("-j4", {"jobs": ("4",)}, ()),
        ("-j 4", {"jobs": ("4",)}, ()),
        ("--jobs 1 --jobs 2", {"jobs": ("2",)}, ()),
        ("--env A=1 --env B=2=3", {"env": ("A=1", "B=2=3")}, ()),
        ("--in-place a", {"in_place": ("",)}, ("a",)),
        ("-- --jobs", {}, ("--jobs",)),
        ("-", {}, ("-",)),
        ("--color never", {"color": ("never",)}, ()),
    ],
)
def test_a_line_gives_its_options_and_words(
    line: str, options: dict[str, tuple[str, ...]], words: tuple[str, ...]
) -> None:
    assert parse(TOY, line.split()) == Given(options, words)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--jbos 4", "Did you mean --jobs?"),
        ("--zzz", "See penstock toy --help"),
        ("--jobs", "--jobs needs a value"),
        ("--in-place=1", "takes no value"),
        ("--color blue", "always, never"),
    ],
)
def test_a_line_that_makes_no_sense_is_told_why(line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse(TOY, line.split())


def test_words_are_refused_where_a_command_takes_none() -> None:
    with pytest.raises(UsageError, match="takes no 'x'"):
        parse(TOY._replace(words=""), ["x"])


@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_line_is_read_or_refused(line: list[str]) -> None:
    try:
        found = parse(USAGE, line)
    except UsageError as error:
        assert str(error)
    else:
        assert set(found.options) <= {option.key for option in USAGE.options}


def test_help_names_every_option() -> None:
    text = describe(USAGE)
    assert all(name in text for option in USAGE.options for name in option.names)
    assert max(map(len, text.splitlines())) <= 100
