"""Read quickly or not, a request is the same; and what has anything wrong is never read quickly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.model import Shape
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.services import SERVICES
from penstock.wire.catalogue import load_model
from penstock.wire.checking import Checker
from penstock.wire.compiling import Malformed
from penstock.wire.quick_json import quick_reader
from penstock.wire.rpc import read_json
from penstock.wire.trees import TreeReader


def input_of(service: str, operation: str) -> Any:
    return load_model(service).operation_model(operation).input_shape


EVENTS = input_of("logs", "PutLogEvents")
SHAPES = [
    EVENTS,
    input_of("ssm", "PutParameter"),
    input_of("ssm", "DescribeParameters"),
    input_of("codebuild", "StartBuild"),
    input_of("codepipeline", "CreatePipeline"),
    input_of("secretsmanager", "TagResource"),
]
WRONG: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.just("") | st.just([])
)
NUMBERS = st.integers(-1, 100) | st.sampled_from([1000.0, 1.5, 1 << 31, 1 << 63, 1 << 64])


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """What a model describes, now and then with something else in it."""
    made: st.SearchStrategy[Any]
    if shape.type_name == "structure":
        members = {name: values(member, depth + 1) for name, member in shape.members.items()}
        needed = {name: members.pop(name) for name in shape.required_members}
        several = dict(list(members.items())[: 3 if depth else 20])
        made = st.fixed_dictionaries(needed, optional={**several, "unknown": WRONG})
    elif shape.type_name == "list":
        made = st.lists(values(shape.member, depth + 1), max_size=3)
    elif shape.type_name == "map":
        made = st.dictionaries(st.text(max_size=3), values(shape.value, depth + 1), max_size=3)
    elif shape.type_name == "boolean":
        made = st.booleans()
    elif shape.type_name in ("integer", "long"):
        made = NUMBERS
    else:
        made = st.sampled_from([*getattr(shape, "enum", ()), "a", "", "é\n" * 20])
    return made if depth == 0 else st.one_of(made, made, made, made, WRONG)


def slowly(shape: Any, body: bytes) -> Any:
    """The request, or None where it has something wrong."""
    findings: list[str] = []
    try:
        found = TreeReader().of(shape)(read_json(body))
    except Malformed:
        return None
    check = Checker().of(shape)
    if check:
        check(found, None, findings)
    return None if findings else found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@given(data=st.data())
@settings(deadline=None)  # readers are made anew for each
def test_what_is_read_quickly_is_what_is_read_slowly(shape: Any, data: st.DataObject) -> None:
    read = quick_reader(shape)
    assert read is not None
    body = json.dumps(data.draw(values(shape)), allow_nan=True).encode()
    found = read(body)
    if found is not None:
        assert repr(sorted(found.items())) == repr(sorted(slowly(shape, body).items()))


def test_a_request_that_has_nothing_wrong_is_read_quickly() -> None:
    events = [{"timestamp": 1, "message": "é"}, {"message": "b", "timestamp": 2, "more": [1]}]
    read = quick_reader(EVENTS)
    assert read is not None
    body = {"logGroupName": "a", "logStreamName": "b", "logEvents": events, "other": None}
    assert read(json.dumps(body).encode()) == {
        "logGroupName": "a",
        "logStreamName": "b",
        "logEvents": [{"timestamp": 1, "message": "é"}, {"timestamp": 2, "message": "b"}],
    }


RIGHT = {
    "logGroupName": "a",
    "logStreamName": "b",
    "logEvents": [{"timestamp": 1, "message": "m"}],
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"\xff":' + json.dumps(RIGHT).encode()[1:],
        b'{"x":"\xff",' + json.dumps(RIGHT).encode()[1:],
        b'{"x":' + b"[" * 100_000,
        b"{}",
    ],
    ids=lambda body: body[:9].hex(),
)
def test_what_is_no_request_is_left_to_who_has_words_for_it(body: bytes) -> None:
    read = quick_reader(EVENTS)
    assert read is not None
    assert read(body) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"logGroupName": ""},
        {"logGroupName": None},
        {"logGroupName": "\ud800"},
        {"logGroupName": "a" * 513},
        {"logEvents": []},
        {"logEvents": [None]},
        {"logEvents": [{"timestamp": -1, "message": "m"}]},
        {"logEvents": [{"timestamp": "1", "message": "m"}]},
        {"logEvents": [{"timestamp": 1 << 63, "message": "m"}]},
        {"logEvents": [{"timestamp": 1}]},
    ],
)
def test_a_value_that_is_wrong_is_left_to_who_has_words_for_it(wrong: dict[str, Any]) -> None:
    read = quick_reader(EVENTS)
    assert read is not None
    assert read(json.dumps(RIGHT).encode()) == RIGHT
    assert read(json.dumps({**RIGHT, **wrong}).encode()) is None


def test_values_that_json_writes_otherwise_go_the_other_way() -> None:
    assert quick_reader(input_of("codebuild", "DescribeCodeCoverages")) is None  # a double
    assert quick_reader(input_of("events", "PutEvents")) is None  # a time
    assert quick_reader(input_of("secretsmanager", "PutSecretValue")) is None  # bytes
    assert quick_reader(input_of("ssm", "GetInventory")) is None  # a shape within itself


@pytest.mark.parametrize("service", SERVICES)
def test_most_requests_in_json_can_be_read_quickly(service: str) -> None:
    model = load_model(service)
    if model.metadata["protocol"] != "json":
        return
    shapes = [model.operation_model(name).input_shape for name in model.operation_names]
    read = [shape for shape in shapes if shape and quick_reader(shape)]
    assert len(read) > 0.8 * len(list(filter(None, shapes)))
