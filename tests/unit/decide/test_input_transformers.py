"""What targets are given of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.decide.input_transformers import Surroundings, input_of, select
from penstock.documents.input_templates import (
    InputError,
    is_sound,
    read_path,
    read_template,
)

EVENT = {
    "version": "0",
    "id": "e-1",
    "detail-type": "order",
    "source": "shop",
    "account": "000000000000",
    "time": "2026-03-01T12:00:00Z",
    "region": "us-east-1",
    "resources": ["r"],
    "detail": {
        "user": {"id": "u-1", "age": 7},
        "ok": True,
        "many": ["A", "B"],
        "items": [{"n": 1}, {"n": 2}],
        "text": 'say "hi"\n',
        "odd name": "o",
    },
}
ABOUT = Surroundings("arn:rule", "nightly", "2026-03-01T12:00:00.123Z")
PATHS = {
    "user": "$.detail.user",
    "id": "$.detail.user.id",
    "age": "$.detail.user.age",
    "ok": "$.detail.ok",
    "many": "$.detail.many",
    "text": "$.detail.text",
    "gone": "$.detail.gone",
}


def transformed(template: str) -> str:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}
    return input_of({"InputTransformer": transformer}, EVENT, ABOUT)


def test_without_a_word_it_is_the_whole_event() -> None:
    """TG-095"""
    assert json.loads(input_of({}, EVENT, ABOUT)) == EVENT


def test_a_constant_is_given_as_it_is_written() -> None:
    """TG-095"""
    assert input_of({"Input": '{ "a":1}'}, EVENT, ABOUT) == '{ "a":1}'


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", EVENT),
        ("$.detail.user", {"id": "u-1", "age": 7}),
        ("$.detail-type", "order"),
        ("$.detail.many[1]", "B"),
        ("$.detail.many[-1]", "B"),
        ("$.detail['odd name']", "o"),
        ('$["detail"].ok', True),
        ("$.detail.items[*].n", [1, 2]),
        ("$.detail.user.*", ["u-1", 7]),
        ("$.detail.gone", ""),
        ("$.detail.many[2]", ""),
        ("$.detail.many.x", ""),
    ],
)
def test_paths(path: str, found: Any) -> None:
    """TG-095: what is not there is empty"""
    assert json.loads(input_of({"InputPath": path}, EVENT, ABOUT)) == found


@pytest.mark.parametrize(
    "path", ["detail", "$detail", "$.", "$.a[", "$.a[?(@.b)]", "$..a", "$.a[1:2]"]
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(InputError):
        read_path(path)


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('{"id": <id>}', '{"id": "u-1"}'),
        ('{"id": "<id>"}', '{"id": "u-1"}'),
        ('{"path": "users/<id>/and/<id>"}', '{"path": "users/u-1/and/u-1"}'),
        ('{"age": <age>, "ok": <ok>}', '{"age": 7, "ok": true}'),
        ('{"age": "<age>"}', '{"age": "7"}'),
        ('{"user": <user>}', '{"user": {"id":"u-1","age":7}}'),
        ('{"list": [<id>, "x"]}', '{"list": ["u-1", "x"]}'),
        ('{"many": <many>}', '{"many": ["A","B"]}'),
        ('{"gone": <gone>}', '{"gone": ""}'),
        ('{"gone": "<gone>"}', '{"gone": ""}'),
        ('{"text": "<text>"}', r'{"text": "say \"hi\"\n"}'),
        ('"of <id>, <gone>"', '"of u-1, "'),
        ('"<user> and <many>, <ok>"', '"{id:u-1,age:7} and [A,B], true"'),
        ('"<id> one"\n"<many> two"', '"u-1 one"\n"[A,B] two"'),
        ('"{[/of <id>"', '"{[/of u-1"'),
        ('"1 < 2"', '"1 < 2"'),
        ("<user>", '{"id":"u-1","age":7}'),
        ('{"n": <aws.events.rule-name>, "a": "<aws.events.rule-arn>"}',
         '{"n": "nightly", "a": "arn:rule"}'),
        ("<aws.events.event.ingestion-time>", '"2026-03-01T12:00:00.123Z"'),
    ],
)  # fmt: skip
def test_templates(template: str, found: str) -> None:
    """TG-096"""
    assert transformed(template) == found


def test_the_event_itself_can_be_named() -> None:
    """TG-096"""
    found = json.loads(transformed('{"all": <aws.events.event.json>, "brief": <aws.events.event>}'))
    assert found["all"] == EVENT
    assert found["brief"] == {
        "detailType": "order",
        **{name: value for name, value in EVENT.items() if name not in ("detail", "detail-type")},
    }


@pytest.mark.parametrize("template", ['{"user": "<user>"}', '{"many": "of <many>"}'])
def test_an_object_in_quotes_comes_to_nothing(template: str) -> None:
    """TG-096"""
    with pytest.raises(InputError):
        transformed(template)


def test_an_undeclared_placeholder_is_named() -> None:
    """TG-096"""
    with pytest.raises(InputError, match=r"^other$"):
        read_template('"<id> <other>"', ["id"])


@pytest.mark.parametrize(
    ("template", "sound"),
    [
        ('{"a": <id>}', True),
        ('"<id>"\n"b"', True),
        ("<id> text", False),
        ('{"a": }', False),
        ('{"a": <id>', False),
        ('"a" <id>', False),
        ("[" * 2000, False),
    ],
)
def test_templates_are_json_or_strings_in_lines(template: str, sound: bool) -> None:
    """TG-096"""
    assert is_sound(read_template(template, ["id"])) is sound


def test_what_is_not_there_can_be_told_from_what_is_empty() -> None:
    with pytest.raises(KeyError):
        select(read_path("$.detail.gone"), EVENT)


def test_a_template_that_repeats_a_long_value_is_no_input() -> None:
    event = {**EVENT, "detail": {"text": "x" * 200_000}}
    target = {
        "InputTransformer": {
            "InputPathsMap": {"a": "$.detail.text"},
            "InputTemplate": '"' + "<a>" * 2700 + '"',
        }
    }
    with pytest.raises(InputError, match="more than 262144 characters"):
        input_of(target, event, ABOUT)
