"""Which events filter patterns match."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.filter_patterns import extracted, is_like, matcher
from penstock.decide.filter_regex import Automaton
from penstock.documents.filter_pattern import parse
from penstock.documents.filter_regex import parse_regex

EVENT = """{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
 "arrayKey": ["value", "another value"], "objectList": [{"name": "a", "id": 1},
 {"name": "b", "id": 2}], "SomeObject": null, "ThisFlag": true,
 "cluster.name": "c", "errorCode": 400, "latency": 1e3}"""
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


def matches(pattern: str, message: str) -> bool:
    return matcher(parse(pattern))(message)


@pytest.mark.parametrize(
    ("pattern", "message", "found"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "error", False),
        ("ERROR", "EXITERRORCODE", True),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ("?ERROR ?WARN", "a WARN", True),
        ("?ERROR ?WARN", "an INFO", False),
        ("?ERROR ?WARN REQUEST", "[INFO] REQUEST", True),
        ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", False),
        ("-DEBUG", "INFO", True),
        ('"SERVER ERROR"', "INTERNAL SERVER ERROR", True),
        ('"SERVER ERROR"', "SERVER  ERROR", False),
        ("%AUTHORIZED%", "UNAUTHORIZED REQUEST", True),
        (r"%\d{3}% -%^4%", "404", False),
    ],
)
def test_terms(pattern: str, message: str, found: bool) -> None:
    """TG-048: case-sensitive; all of these, one of those, none of the others."""
    assert matches(pattern, message) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('$.eventType = "UpdateTrail"', True),
        ('$.eventType != "UpdateTrail"', False),
        ("$.eventType = Update*", True),
        ("$.eventType = *Trail", True),
        ("$.eventType = %Trail%", True),
        ("$.sourceIPAddress != 123.123.*", True),
        ('$.arrayKey[0] = "value"', True),
        ("$.arrayKey[*] = %^val.{2}$%", True),
        ("$.arrayKey[7] = *", False),
        ("$.objectList[1].id = 2", True),
        ("$.objectList[*].name = b", True),
        ("$.* = c", True),
        ("$.['cluster.name'] = c", True),
        ("$.SomeObject IS NULL", True),
        ("$.ThisFlag IS TRUE", True),
        ("$.ThisFlag IS FALSE", False),
        ("$.Nothing NOT EXISTS", True),
        ("$.SomeObject NOT EXISTS", False),
        ("$.errorCode = 400", True),
        ("$.errorCode = 4*", True),
        ("$.errorCode > 399", True),
        ("$.errorCode >= 400 && $.errorCode <= 400", True),
        ("$.errorCode < 400", False),
        ("$.latency = 1e+3", True),
        ("$.eventType > 1", False),
        # neither a text nor a number: the event is not of the pattern's form
        ("$.arrayKey = 1", False),
        ("$.arrayKey != 1", False),
        ("$.objectList[0] != 1", False),
        ("$.Nothing != 1", False),
        ("($.eventType = x || $.errorCode = 400) && $.ThisFlag IS FALSE", False),
        ("$.eventType = x || $.errorCode = 400 && $.ThisFlag IS TRUE", True),
    ],
)
def test_json(condition: str, found: bool) -> None:
    """TG-049: comparisons, wildcards, IS, NOT EXISTS; arrays and objects match nothing."""
    assert matches(f"{{ {condition} }}", EVENT) is found


@pytest.mark.parametrize("message", ["", "no JSON", "{", "[" * 100_000, '"a"', "[1]", "9" * 9000])
def test_messages_that_are_no_json_object_match_no_json(message: str) -> None:
    """TG-049: nor does a field that is not there."""
    assert not matches("{ $.a = * }", message)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("[ip, user, username, timestamp, request, status, bytes]", True),
        ("[ip, user, username, timestamp, request = *html*, status = 4*, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status = 4*, bytes > 2000]", False),
        (r"[ip=%127\.0\.0\.[1-9]%, ..., bytes]", True),
        ("[..., status = 404 || status = 410, bytes]", True),
        ("[..., status = 4* && status != 404, bytes]", False),
        ("[ip, user, ...]", True),
        ('[ip, user, username, timestamp = "10/Oct/2000:13:25:15 -0700", ...]', True),
        ("[a, b, c, d, e, f, g, h]", False),
        ("[ip = 127.0.0.1, rest]", True),  # the last column takes what is left
        ("[ip = 127.0.0.1]", False),
    ],
)
def test_columns(pattern: str, found: bool) -> None:
    """TG-050: an access log; `[]` and `""` hold a column together."""
    assert matches(pattern, ACCESS) is found


def test_extracted_columns_have_names_or_numbers() -> None:
    """TG-050: as TestMetricFilter shows them."""
    assert extracted(parse("[..., request=*.html*, status_code=4*,]"), ACCESS) == {
        "$1": "127.0.0.1",
        "$2": "Prod",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0",
        "$status_code": "404",
        "$7": "1534",
    }


def test_extracted_selectors() -> None:
    pattern = parse("{ $.eventType = * && $.errorCode > 1 && $.Nothing NOT EXISTS }")
    assert extracted(pattern, EVENT) == {"$.eventType": "UpdateTrail", "$.errorCode": "400"}


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\W", r"\x61", "-"])
REPEATS = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{2,}"])
SEQUENCES = st.builds(
    lambda start, atoms, end: start + "".join(map("".join, atoms)) + end,
    st.sampled_from(["", "^"]),
    st.lists(st.tuples(ATOMS, REPEATS), max_size=5),
    st.sampled_from(["", "$"]),
)


@given(
    st.lists(SEQUENCES, min_size=1, max_size=3).map("|".join).filter(bool),
    st.text(alphabet="abc-1 ", max_size=12),
)
def test_regular_expressions_find_what_pythons_find(expression: str, text: str) -> None:
    """TG-051: ^ $ ? [] {} | \\ * + . mean what they mean everywhere."""
    ours = Automaton(parse_regex(expression)).search(text)
    assert ours == bool(re.search(expression.replace("$", r"\Z"), text, re.DOTALL))


@pytest.mark.parametrize(
    "expression", ["a*a*a*a*a*a*a*a*c", "[ab]*a[ab]{900}c", "a{900}a*c", "a?b?" * 300 + "c"]
)
def test_no_regular_expression_takes_long(expression: str) -> None:
    """TG-051: those that an engine with backtracking would never be done with."""
    text = "".join(random.Random(1).choices("ab", k=100_000))
    start = time.process_time()
    assert not Automaton(parse_regex(expression)).search(text)
    assert time.process_time() - start < 5


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=12))
def test_asterisks_stand_for_anything(wild: str, text: str) -> None:
    """TG-049: as they would in a regular expression."""
    expected = re.fullmatch(wild.replace("*", ".*"), text) is not None
    assert is_like(wild, text) is expected


def test_brackets_that_never_close_do_not_slow_the_split() -> None:
    """TG-050: a column begins again at each word."""
    start = time.process_time()
    assert not matches("[a = x, ...]", "[ " * 200_000)
    assert time.process_time() - start < 5
