"""What a model demands is found wanting in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.wire.catalogue import load_model
from penstock.wire.checking import (
    Checker,
    findings_message,
    may_be_unstorable,
    refuse_unstorable,
)
from penstock.wire.compiling import Malformed


def found(service: str, operation: str, request: dict[str, Any]) -> list[str]:
    findings: list[str] = []
    Checker().of(load_model(service).operation_model(operation).input_shape)(
        request, None, findings
    )
    return findings


FAILED = "failed to satisfy constraint: Member must"


@pytest.mark.parametrize(
    ("service", "operation", "request_", "expected"),
    [
        ("ssm", "GetParameter", {"Name": "a"}, []),
        ("ssm", "GetParameter", {}, [f"Value null at 'name' {FAILED} not be null"]),
        (
            "ssm",
            "GetParameter",
            {"Name": ""},
            [f"Value '' at 'name' {FAILED} have length greater than or equal to 1"],
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": []},
            [f"Value '[]' at 'names' {FAILED} have length greater than or equal to 1"],
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["a", None]},
            [f"Value null at 'names.2.member' {FAILED} not be null"],
        ),
        (
            "ssm",
            "GetParametersByPath",
            {"Path": "/", "MaxResults": 11},
            [f"Value '11' at 'maxResults' {FAILED} have value less than or equal to 10"],
        ),
        (
            "ssm",
            "PutParameter",
            {"Name": "a", "Value": "v", "Tags": [{"Key": "", "Value": "v"}]},
            [f"Value '' at 'tags.1.member.key' {FAILED} have length greater than or equal to 1"],
        ),
        (
            "secretsmanager",
            "CreateSecret",
            {"Name": "a", "SecretString": "s" * 65537},
            [f"Value at 'secretString' {FAILED} have length less than or equal to 65536"],
        ),
        (
            "logs",
            "TagLogGroup",
            {"logGroupName": "g", "tags": {"": "v"}},
            [f"Value '' at 'tags..member' {FAILED} have length greater than or equal to 1"],
        ),
    ],
)
def test_each_kind_of_demand(
    service: str, operation: str, request_: dict[str, Any], expected: list[str]
) -> None:
    assert found(service, operation, request_) == expected


def test_all_findings_are_in_one_message() -> None:
    findings = found("ssm", "PutParameter", {})
    assert findings_message(findings[:1]).startswith("1 validation error detected: Value null at")
    assert findings_message(findings) == f"2 validation errors detected: {'; '.join(findings)}"


def test_a_shape_that_demands_nothing_is_not_walked() -> None:
    assert Checker().of(load_model("sts").operation_model("GetCallerIdentity").input_shape) is None


@pytest.mark.parametrize("value", ["a\x00", ["a", "\x00"], {"a": {"\x00": 1}}, "\ud800"])
def test_text_that_no_database_takes_is_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        refuse_unstorable(value)


def test_bytes_may_have_nul_characters() -> None:
    refuse_unstorable({"a": [b"\x00", 1, None, "text"]})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":"\\u0000"}', True),
        (b'{"a":"\\uD800"}', True),
        (b"a=%00", True),
        (b"\x00", True),
        (b'{"a":"\\u0041"}', False),
    ],
)
def test_most_bodies_need_no_looking_through(body: bytes, expected: bool) -> None:
    assert may_be_unstorable(body) is expected
