"""Event patterns as they are read, and what is said of those that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.event_patterns import (
    Addresses,
    AnythingBut,
    Exists,
    Field,
    Number,
    PatternError,
    Prefix,
    Range,
    Text,
    Wildcard,
    Word,
)
from penstock.documents.event_patterns.reader import parse


def reason(text: str) -> str:
    with pytest.raises(PatternError) as caught:
        parse(text)
    return str(caught.value)


def test_a_pattern_is_read_into_fields_by_path() -> None:
    """TG-091"""
    (way,) = parse(
        '{"source": ["a", 1, 2.5, true, null], "detail": {"b": [{"prefix": "x"}], "c.d": ["y"]}}'
    ).ways
    assert way == (
        Field("detail.b", (Prefix("x"),)),
        Field("detail.c.d", (Text("y"),)),
        Field("source", (Text("a"), Number(1), Number(2.5), Word(True), Word(None))),
    )


def test_or_makes_a_way_of_each_alternative() -> None:
    """TG-092"""
    ways = parse('{"a": ["1"], "$or": [{"b": ["2"]}, {"c": {"d": ["3"]}}], "e": ["4"]}').ways
    assert [[field.path for field in way] for way in ways] == [["a", "b", "e"], ["a", "c.d", "e"]]


def test_tests_are_read() -> None:
    """TG-092"""
    (way,) = parse(
        '{"a": [{"numeric": [">", 0, "<=", 5]}, {"cidr": "10.0.0.0/24"}, {"exists": false},'
        r' {"wildcard": "*a\\*b*"}, {"anything-but": {"suffix": ["x"]}}, {"anything-but": 3}]}'
    ).ways
    tests = way[0].tests
    assert tests[:4] == (
        Range(0, False, 5, True),
        Addresses(4, 10 << 24, (10 << 24) + 255),
        Exists(False),
        Wildcard(("", "a*b", "")),
    )
    assert [type(test) for test in tests[4:]] == [AnythingBut, AnythingBut]


NOT_PATTERNS = {
    '{"int": 42}': '"int" must be an object or an array @11',
    '{"string": "my-value"}': '"string" must be an object or an array @13',
    '{"a": []}': "Empty arrays are not allowed @9",
    '{"a": {}}': "Empty objects are not allowed @9",
    "{}": "Empty objects are not allowed @3",
    '["a"]': "Filter is not an object @2",
    '{"a": [[1]]}': "Match value must be String, number, true, false, or null @9",
    '{"a": [{"EXISTS": true}]}': "Unrecognized match type EXISTS @23",
    '{"a": [{"exists": 1}]}': "exists match pattern must be either true or false. @20",
    '{"a": [{"prefix": 1}]}': "prefix match pattern must be a string @20",
    '{"a": [{"prefix": ["x"]}]}': "prefix match pattern must be a string @20",
    '{"a": [{"suffix": 123}]}': "suffix match pattern must be a string @22",
    '{"a": [{"prefix": "x", "suffix": "y"}]}': "Only one key allowed in match expression @35",
    '{"a": [{"equals-ignore-case": ["x"]}]}': (
        "equals-ignore-case match pattern must be a string @32"
    ),
    '{"a": [{"wildcard": 1}]}': "wildcard match pattern must be a string @22",
    '{"a": [{"wildcard": "b**"}]}': "Consecutive wildcard characters at pos 2 @26",
    r'{"a": [{"wildcard": "\\a"}]}': "Invalid escape character at pos 1 @26",
    '{"a": [{"anything-but": null}]}': (
        "Value of anything-but must be an array or single string/number value. @29"
    ),
    '{"a": [{"anything-but": ["x", 1]}]}': (
        "Inside anything but list, either all values are number or string, mixed type is not"
        " supported @33"
    ),
    '{"a": [{"anything-but": {"prefix": ""}}]}': "Null prefix/suffix not allowed @38",
    '{"a": [{"anything-but": {"prefix": 1}}]}': "prefix/suffix match pattern must be a string @37",
    '{"a": [{"anything-but": {"cidr": "x"}}]}': "Unsupported anything-but pattern: cidr @35",
    '{"a": [{"numeric": 10}]}': "Value of numeric must be an array. @22",
    '{"a": [{"numeric": [">", 0, ">", 0]}]}': "Bad numeric range operator: > @32",
    '{"a": [{"numeric": [">", 0, "<"]}]}': "Value of < must be numeric @33",
    '{"a": [{"numeric": ["=", "1"]}]}': "Value of equals must be numeric @27",
    '{"a": [{"numeric": ["=", 1, 2]}]}': "Too many elements in numeric expression @30",
    '{"a": [{"numeric": ["!", 1]}]}': "Unrecognized numeric range operator: ! @24",
    '{"a": [{"numeric": [">", 5, "<", 3]}]}': "Bottom must be less than top",
    '{"a": [{"numeric": ["=", 1e999]}]}': "Cannot compare number : 1e999 @31",
    '{"a": [{"cidr": "x"}]}': "Malformed CIDR, one '/' required",
    '{"a": [{"cidr": "10.0.0.0/x"}]}': "Malformed CIDR, mask bits must be an integer",
    '{"a": [{"cidr": "10.0.0.0/-1"}]}': "Malformed CIDR, mask bits must not be negative",
    '{"a": [{"cidr": "10.0.0.0/32"}]}': "IPv4 mask bits must be < 32",
    '{"a": [{"cidr": "::/128"}]}': "IPv6 mask bits must be < 128",
    '{"a": [{"cidr": "x.1.x/8"}]}': "Nonstandard IP address: x.1.x",
    '{"$or": [{"a": [1]}]}': "There must have at least 2 Objects in $or relationship. @21",
    '{"$or": {"a": [1]}}': "It must be an Array followed with $or. @10",
    '{"$or": [1, 2]}': "Only JSON object is allowed in array of $or relationship. @11",
    "this": (
        "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token"
        " 'null', 'true' or 'false') @5"
    ),
    "{'bad'}": (
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name @2"
    ),
    '{"a" 1}': (
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and"
        " value @6"
    ),
    '{"a": [1 2]}': (
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries @10"
    ),
    '{"a": ["x': "Unexpected end-of-input in a string value @10",
}


@pytest.mark.parametrize("text", NOT_PATTERNS)
def test_what_is_no_pattern_is_refused_in_awss_words_with_the_place(text: str) -> None:
    """TG-091"""
    words, _, column = NOT_PATTERNS[text].partition(" @")
    place = f'\n at [Source: (String)"{text}"; line: 1, column: {column}]' if column else ""
    assert reason(text) == words + place


def test_lists_of_exclusions_tell_the_place_twice() -> None:
    place = '\n at [Source: (String)"{"a": [{"anything-but": ["x", null]}]}"; line: 1, column: 35]'
    assert reason('{"a": [{"anything-but": ["x", null]}]}') == (
        "Inside anything but list, start|null|boolean is not supported." + place * 2
    )


def test_a_place_is_told_by_line_and_a_long_text_is_cut() -> None:
    assert reason('{\n "a": 1}').endswith("line: 2, column: 8]")
    told = reason('{"a": ["' + "x" * 600 + '"], "b": 1}')
    assert '"[truncated 119 chars]; line: 1, column: 619]' in told


@pytest.mark.parametrize("opening", ['{"$or":[', '{"a":', '{"a":[', '{"a":[{"anything-but":'])
def test_depth_is_refused_before_it_hurts(opening: str) -> None:
    assert reason(opening * (4096 // len(opening)))


def test_a_thousand_combinations_are_enough() -> None:
    """TG-092"""
    four = ", ".join(f'{{"a{n}": ["x"]}}' for n in range(4))
    doors = ", ".join(f'"p{n}": {{"$or": [{four}]}}' for n in range(4))
    assert len(parse("{" + doors + "}").ways) == 256
    assert "1000 combinations" in reason("{" + doors + f', "q": {{"$or": [{four}]}}}}')


@given(st.text(st.sampled_from('{}[]":,\\ax1.-e*/ $or\n'), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except PatternError as error:
        assert str(error)
