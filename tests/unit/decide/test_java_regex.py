from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.java_regex import MOST, JavaRegexError, python_regex

MATCHES = [  # an expression, what matches all of it, and what does not: as java.util.regex has it
    (r"main", ["main"], ["main2", "amain", ""]),
    (r"release/.*", ["release/", "release/1.2"], ["release", "release/1\n", "release/\u2028"]),
    (r"v\d+(\.\d+){2}", ["v1.2.3"], ["v1.2", "v1.2.3.4", "v١.2.3"]),
    (r"(?<major>\d)-\k<major>", ["1-1"], ["1-2"]),
    (r"(a|b)\1", ["aa", "bb"], ["ab"]),
    (r"\Qa.b\E+", ["a.b", "a.bb"], ["aXb"]),
    (r"\Qa.b", ["a.b"], ["aXb"]),
    (r"[\Q^-]\E]+", ["^-]"], ["a"]),
    (r"\p{Lower}+\P{Upper}", ["ab1"], ["aB", "aA"]),
    (r"[\p{Alnum}_-]+", ["a_B-9"], ["a b", "é"]),
    (r"[\w-.]+", ["a-b.c"], ["a b"]),
    (r"[^a-c]\w", ["dx"], ["ax", "dé"]),
    (r"(?i)MAIN", ["main", "Main"], ["mainé"]),
    (r"a(?i:B)c", ["abc", "aBc"], ["Abc"]),
    (r"(?:x|y)(?=z)z", ["xz"], ["xy"]),
    (r"(?<!a)b", ["b"], ["ab"]),
    (r"a++b", ["aab"], ["b"]),
    (r"a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
    (r"a{2}", ["aa"], ["a"]),
    (r"^x$", ["x"], ["x\n", "xx"]),
    (r"\Ax\z", ["x"], ["x\n"]),
    (r"x\R", ["x\n", "x\r\n", "x\u2028"], ["x"]),
    (r"a\hb", ["a b", "a\u00a0b"], ["a\nb"]),
    (r"[\h,]+", [" ,"], ["a"]),
    (r"\x41\u0042\0103\x{1F600}", ["ABC😀"], ["ABC"]),
    (r"[\x41-\x43]", ["B"], ["D"]),
    (r"[&|~]+", ["&|~"], ["a"]),
    (r"\.\-\/\@", [".-/@"], ["x-/@"]),
]


@pytest.mark.parametrize(("text", "matching", "others"), MATCHES)
def test_expressions_match_what_they_do_in_java(
    text: str, matching: list[str], others: list[str]
) -> None:
    """CP-071"""
    regex = re.compile(python_regex(text), re.ASCII)
    assert [one for one in matching if not regex.fullmatch(one)] == []
    assert [one for one in others if regex.fullmatch(one)] == []


@pytest.mark.parametrize(
    "text",
    [
        r"[a-z&&[^b]]",
        r"[a[bc]]",
        r"\p{L}",
        r"(?P<name>a)",
        r"(?(1)a|b)",
        r"(?#note)a",
        r"(?s)a",
        r"a(?i)b",
        r"(?i-s)a",
        r"a{,3}",
        r"a{x}",
        r"\q",
        r"[\b]",
        "[a",
        "a\\",
        r"(a)(b)\12",
        r"\x{FFFFFF}",
        "a" * (MOST + 1),
    ],
)
def test_what_is_not_known_to_mean_the_same_is_refused(text: str) -> None:
    """CP-071"""
    with pytest.raises(JavaRegexError, match="the regular expression"):
        python_regex(text)


@given(st.text(alphabet="ab\\[](){}?*+^$.|&-<>=!:pQEdwxuk0139,i", max_size=30))
def test_any_text_is_translated_or_refused(text: str) -> None:
    try:
        assert isinstance(python_regex(text), str)
    except JavaRegexError:
        pass


@given(st.text(max_size=50).filter(lambda text: "\\E" not in text and not text.endswith("\\")))
def test_what_is_quoted_is_itself(text: str) -> None:
    assert re.fullmatch(python_regex(f"\\Q{text}\\E"), text)
