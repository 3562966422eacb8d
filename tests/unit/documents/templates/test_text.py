from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.documents.diagnostics import Position, Severity
from penstock.documents.templates import Text
from penstock.documents.templates.scalars import written
from penstock.documents.templates.text import SIZE, read_text


def read(text: str | bytes) -> Text:
    found, problems = read_text(text.encode() if isinstance(text, str) else text, "t.yaml")
    assert found is not None, problems
    return found


def value(text: str) -> Any:
    return read(f"a: {text}\n").body["a"]


def refused(text: str | bytes) -> list[tuple[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    found, problems = read_text(data, "t.yaml")
    assert found is None
    return [(problem.rule, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("form", "meant"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Ref 1", {"Ref": "1"}),
        ("!Ref 'A'", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAtt A.B", {"Fn::GetAtt": ["A", "B"]}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!GetAtt [A, B.C]", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!GetAtt A", {"Fn::GetAtt": ["A"]}),
        ("!Sub 'x-${A}'", {"Fn::Sub": "x-${A}"}),
        ("!Sub ['${x}', {x: !Ref A}]", {"Fn::Sub": ["${x}", {"x": {"Ref": "A"}}]}),
        ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
        ("!If [c, !Ref A, 1]", {"Fn::If": ["c", {"Ref": "A"}, 1]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!GetAZs", {"Fn::GetAZs": ""}),
        ("!Transform {Name: N}", {"Fn::Transform": {"Name": "N"}}),
        ("!Select [0, !Split [',', !ImportValue x]]",
         {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "x"}]}]}),
        ("!And [!Not [!Condition A], !Or [!Equals [a, b], !Condition C]]",
         {"Fn::And": [{"Fn::Not": [{"Condition": "A"}]},
                      {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Condition": "C"}]}]}),
        ("!Cidr [!Ref A, 6, 8]", {"Fn::Cidr": [{"Ref": "A"}, 6, 8]}),
        ("!FindInMap [A, !Ref AWS::Region, C]",
         {"Fn::FindInMap": ["A", {"Ref": "AWS::Region"}, "C"]}),
        ("!Base64 x", {"Fn::Base64": "x"}),
        ("!Length [1]", {"Fn::Length": [1]}),
        ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
    ],
)  # fmt: skip
def test_short_forms_are_written_out(form: str, meant: Any) -> None:
    """TG-114"""
    assert value(form) == meant


@pytest.mark.parametrize(
    ("scalar", "meant"),
    [
        ("2012-10-17", "2012-10-17"),
        ("'2012-10-17'", "2012-10-17"),
        ("1", 1),
        ("-1", -1),
        ("1_000", 1000),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("0755", 493),
        ("0x1F", 31),
        ("0b11", 3),
        ("012345678901", 12345678901.0),
        ("123456789012", 123456789012),
        ("12:30", 750),
        ("1" * 5000, "1" * 5000),
        ("true", True),
        ("yes", True),
        ("NO", False),
        ("off", False),
        ("y", "y"),
        ("'yes'", "yes"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
        ("!!int 1", 1),
        ("", None),
        ("~", None),
        ("''", ""),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("arn:aws:s3:::b", "arn:aws:s3:::b"),
        ("+", "+"),
        ("0x", "0x"),
    ],
)
def test_scalars_mean_what_yaml_1_1_says_but_for_dates(scalar: str, meant: Any) -> None:
    found = value(scalar)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1"), (1.0, "1.0"), (0.0, "0.0"), (-2.5, "-2.5"), (12345678901.0, "1.2345678901E10"),
     (1e7, "1.0E7"), (0.00015, "1.5E-4"), (10**20, "100000000000000000000")],
)  # fmt: skip
def test_numbers_become_texts_as_in_cloudformation(number: float, text: str) -> None:
    assert written(number) == text


def test_keys_are_the_texts_that_were_written() -> None:
    assert read("012345678901: 1\nyes: 2\n1.10: 3\n").body == {
        "012345678901": 1,
        "yes": 2,
        "1.10": 3,
    }


TEMPLATE = """\
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      Arn: !GetAtt Role.Arn.X
      Name: !Sub
        - "${a}"
        - a: !Ref P
      Text: !Sub |
        hello
      List: !If [c, !Ref A, "q"]
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 1, 1),
        (("Resources", "Bucket"), 3, 5),
        (("Resources", "Bucket", "Type"), 3, 11),
        (("Arn",), 5, 12),
        (("Arn", "Fn::GetAtt"), 5, 20),
        (("Arn", "Fn::GetAtt", 0), 5, 20),
        (("Arn", "Fn::GetAtt", 1), 5, 25),
        (("Name",), 6, 13),
        (("Name", "Fn::Sub"), 6, 13),
        (("Name", "Fn::Sub", 0), 7, 12),
        (("Name", "Fn::Sub", 1, "a", "Ref"), 8, 19),
        (("Text", "Fn::Sub"), 10, 9),
        (("List", "Fn::If", 0), 11, 18),
        (("List", "Fn::If", 1), 11, 21),
        (("List", "Fn::If", 1, "Ref"), 11, 26),
        (("List", "Fn::If", 2), 11, 30),
        (("List", "not", "there"), 11, 13),
    ],
)
def test_everything_has_a_place(path: tuple[str | int, ...], line: int, column: int) -> None:
    inside = path and path[0] != "Resources"
    whole = ("Resources", "Bucket", "Properties", *path) if inside else path
    assert read(TEMPLATE).places.of(whole) == Position(line, column)


def test_keys_have_places_too_and_those_implied_by_short_forms_the_forms() -> None:
    keys = read(TEMPLATE).places.keys
    properties = ("Resources", "Bucket", "Properties")
    assert keys[(*properties, "Arn")] == Position(5, 7)
    assert keys[(*properties, "Arn", "Fn::GetAtt")] == Position(5, 12)


def test_json_gives_what_the_same_yaml_gives() -> None:
    from_yaml = read(TEMPLATE)
    from_json = read(json.dumps(from_yaml.body, indent="\t"))
    assert from_json.body == from_yaml.body
    assert set(from_json.places.keys) == set(from_yaml.places.keys)
    assert set(from_json.places.values) == set(from_yaml.places.values)


def test_json_has_places_escapes_and_tabs() -> None:
    text = read(
        '{\t"a\\u0041": [1,\r\n\t{"b": "\\ud83d\\ude00"}],\n"n": 1e999, "i": ' + "9" * 99 + "}"
    )
    assert text.body == {"aA": [1, {"b": "\U0001f600"}], "n": "1e999", "i": "9" * 99}
    assert text.places.keys["aA",] == Position(1, 4)
    assert text.places.values["aA", 0] == Position(1, 15)
    assert text.places.values["aA", 1, "b"] == Position(2, 9)


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("a: [", "yaml-syntax", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("a:\n\tb: 1", "yaml-syntax",
         "Template format error: YAML not well-formed. (line 2, column 1)"),
        ("{,}", "json-syntax", "Template format error: JSON not well-formed. (line 1, column 2)"),
        ('{"a": NaN}', "json-syntax",
         "Template format error: JSON not well-formed: NaN is no value of JSON"),
        ("", "template-structure", "Template format error: unsupported structure."),
        ("template.yaml", "template-structure", "Template format error: unsupported structure."),
        ("- a", "template-structure", "Template format error: unsupported structure."),
        ("a: 1\nb: 2\na: 3", "duplicate-key",
         "Template format error: duplicate key a, first on line 1"),
        ('{"a": 1,\n"\\u0061": 2}', "duplicate-key",
         "Template format error: duplicate key a, first on line 1"),
        ("a: !Foo x", "template-tag", "Template format error: YAML tag !Foo is not supported"),
        ("a: !Foo [x]", "template-tag", "Template format error: YAML tag !Foo is not supported"),
        ("a: !ForEach [x]", "template-tag",
         "Template format error: YAML tag !ForEach is not supported"),
        ("a: !!binary eA==", "template-tag",
         "Template format error: YAML tag !!binary is not supported"),
        ("a: &x [1]\nb: *x", "template-alias",
         "Template error: YAML aliases are not allowed in CloudFormation templates"),
        ("? [a]\n: b", "template-key",
         "Template format error: a key must be a text, not a list or a mapping"),
        ("a: 1\n---\nb: 1", "several-documents",
         "Template format error: a second document starts here; a template is one"),
        ('a: "\\0"', "control-character",
         "Template format error: this text holds a NUL or half a character"),
        ('{"a": "\\ud83d"}', "control-character",
         "Template format error: this text holds a NUL or half a character"),
        ("a: " + "[" * 200 + "]" * 200, "template-depth",
         "Template format error: this is nested more than 100 levels deep"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "template-depth",
         "Template format error: this is nested more than 100 levels deep"),
        ('{"a": ' + "[" * 100_000, "template-depth",
         "Template format error: this is nested more than 100 levels deep"),
        ("a: " + "x" * SIZE, "template-size", "Template may not exceed 1000000 bytes in size."),
        (b"a: \xff", "not-utf8", "byte 0xFF is not UTF-8 text"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_template(text: str | bytes, rule: str, message: str) -> None:
    assert refused(text) == [(rule, message)]


def test_a_billion_laughs_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.monotonic()
    assert {rule for rule, _ in refused("\n".join(lines))} == {"template-alias"}
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("write", [json.dumps, yaml.dump])
def test_a_template_of_a_megabyte_is_read_in_little_time(write: Any) -> None:
    text = write({"Resources": {f"R{n}": {"Type": "A", "Properties": {"P": [str(n)] * 9}}
                                for n in range(20_000)}})[:SIZE * 2]  # fmt: skip
    whole = text[: text.rindex("R", 0, SIZE - 100)]
    whole = whole.rstrip(' "\n,') + ("}}" if write is json.dumps else "\n")
    started = time.monotonic()
    assert read(whole).body["Resources"]
    assert time.monotonic() - started < 5


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def check(data: bytes) -> None:
    text, problems = read_text(data, "f")
    assert (text is None) == any(problem.severity is Severity.ERROR for problem in problems)
    for problem in problems:
        assert problem.at.line >= 1 and problem.at.column >= 1
        str(problem).encode()
    if text is not None:
        json.dumps(text.body, ensure_ascii=False, allow_nan=False).encode()


@given(st.binary(max_size=300))
def test_arbitrary_bytes(data: bytes) -> None:
    check(data)


@settings(max_examples=300)
@given(st.text("{}[]\"':,!&*|>-?#%@ \\\n\tu0019aé.eRefSubGetAtt", max_size=60))
def test_arbitrary_text_of_telling_characters(text: str) -> None:
    check(text.encode())
    check(b"{" + text.encode())


@settings(max_examples=300)
@given(st.integers(0, 400), st.integers(0, 8), st.text("[]{}:-#&*!|>'\"%@\\ \t\n\0é<", max_size=6))
def test_a_template_with_a_part_overwritten(at: int, length: int, text: str) -> None:
    check((TEMPLATE[:at] + text + TEMPLATE[at + length :]).encode())


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_json_is_read_as_the_standard_library_does(body: dict[str, Any]) -> None:
    text, problems = read_text(json.dumps(body).encode(), "f")
    if "\0" in json.dumps(body, ensure_ascii=False) or "\\u0000" in json.dumps(body):
        assert problems
    else:
        assert text is not None
        assert text.body == body


@given(st.dictionaries(st.text(min_size=1, max_size=4), VALUES, max_size=4))
def test_every_value_and_key_has_its_place(body: dict[str, Any]) -> None:
    text, _ = read_text(json.dumps(body, indent=1).encode(), "f")
    if text is None:
        return
    paths, keys = places_of(body)
    assert set(text.places.values) == set(paths)
    assert set(text.places.keys) == set(keys)


def places_of(body: Any, path: tuple[Any, ...] = ()) -> tuple[list[Any], list[Any]]:
    paths, keys = [path], []
    inner = body.items() if isinstance(body, dict) else []
    for key, one in enumerate(body) if isinstance(body, list) else inner:
        keys += [(*path, key)] if isinstance(body, dict) else []
        more = places_of(one, (*path, key))
        paths += more[0]
        keys += more[1]
    return paths, keys
