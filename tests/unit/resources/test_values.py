"""Small conversions of properties, as tables."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError, not_implemented
from penstock.resources.cloudformation.waiting import read_duration
from penstock.resources.codepipeline.declaration import declaration
from penstock.resources.reasons import handler_error_code, reason_of
from penstock.resources.s3.lifecycle import lifecycle_rule
from penstock.resources.secretsmanager.secrets import filled
from penstock.resources.tags import read_tags

TASK = UUID(int=7)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ({"ExpirationInDays": 3}, {"Expiration": {"Days": 3}, "Filter": {"Prefix": ""}}),
        (
            {"Id": "a", "Prefix": "tmp/", "ExpiredObjectDeleteMarker": True},
            {"ID": "a", "Expiration": {"ExpiredObjectDeleteMarker": True},
             "Filter": {"Prefix": "tmp/"}},
        ),
        (
            {"TagFilters": [{"Key": "a", "Value": "1"}]},
            {"Filter": {"Tag": {"Key": "a", "Value": "1"}}},
        ),
        (
            {"TagFilters": [{"Key": "a", "Value": "1"}], "Prefix": "p", "ObjectSizeLessThan": 9},
            {"Filter": {"And": {"Prefix": "p", "ObjectSizeLessThan": 9,
                                "Tags": [{"Key": "a", "Value": "1"}]}}},
        ),
        (
            {"Transition": {"StorageClass": "GLACIER", "TransitionInDays": 1},
             "Transitions": [{"StorageClass": "DEEP_ARCHIVE", "TransitionDate": "2030-01-01"}]},
            {"Transitions": [{"StorageClass": "DEEP_ARCHIVE", "Date": "2030-01-01"},
                             {"StorageClass": "GLACIER", "Days": 1}],
             "Filter": {"Prefix": ""}},
        ),
        (
            {"NoncurrentVersionExpirationInDays": 5, "NoncurrentVersionTransitions": [
                {"StorageClass": "GLACIER", "TransitionInDays": 1, "NewerNoncurrentVersions": 2}]},
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 5}, "Filter": {"Prefix": ""},
             "NoncurrentVersionTransitions": [
                {"StorageClass": "GLACIER", "NoncurrentDays": 1, "NewerNoncurrentVersions": 2}]},
        ),
    ],
)  # fmt: skip
def test_lifecycle_rules(written: dict[str, Any], asked: dict[str, Any]) -> None:
    assert lifecycle_rule({"Status": "Enabled", **written}) == {"Status": "Enabled", **asked}


@pytest.mark.parametrize("wrong", [{"Days": 3}, {"Transition": {"Days": 3}}])
def test_lifecycle_rules_have_no_other_properties(wrong: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="Encountered unsupported property Days"):
        lifecycle_rule(wrong)


@pytest.mark.parametrize(
    ("text", "length"),
    [("PT15M", 900), ("PT1H30M10S", 5410), ("PT30S", 30), ("PT0S", 0), ("PT99H", 43_200)],
)
def test_durations(text: str, length: int) -> None:
    assert read_duration(text) == timedelta(seconds=length)


@pytest.mark.parametrize("text", ["", "P", "PT", "15", "PT15", "15M", "PT-1M", "P1D", "PT١M"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(AwsError, match="must be a duration such as PT15M"):
        read_duration(text)


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ({}, "pw"),
        ({"SecretStringTemplate": "{}", "GenerateStringKey": "p"}, {"p": "pw"}),
        ({"SecretStringTemplate": {"u": "a"}, "GenerateStringKey": "p"}, {"u": "a", "p": "pw"}),
    ],
)
def test_drawn_secrets(rules: dict[str, Any], value: Any) -> None:
    found = filled(rules, "pw")
    assert (found if isinstance(value, str) else json.loads(found)) == value


@pytest.mark.parametrize("template", ["[]", "{", "null", 3])
def test_templates_of_secrets_are_objects(template: Any) -> None:
    with pytest.raises(AwsError, match="SecretStringTemplate must be a JSON object"):
        filled({"SecretStringTemplate": template, "GenerateStringKey": "p"}, "pw")


def test_configurations_of_actions_are_texts() -> None:
    """CP-013"""
    given = {"On": True, "Count": 3, "Map": {"a": [1]}, "List": ["x"], "Text": "true"}
    action = {"Name": "A", "Configuration": given}
    found = declaration("web", {"Stages": [{"Name": "S", "Actions": [action]}]})
    assert found["stages"][0]["actions"][0]["configuration"] == {
        "On": "true",
        "Count": "3",
        "Map": '{"a":[1]}',
        "List": '["x"]',
        "Text": "true",
    }


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (None, {}),
        ({"a": 1, "b": True}, {"a": "1", "b": "true"}),
        ([{"Key": "a", "Value": "1"}, {"Key": "b"}], {"a": "1", "b": ""}),
    ],
)
def test_tags_are_written_in_two_ways(given: Any, tags: dict[str, str]) -> None:
    assert read_tags(given) == tags


@pytest.mark.parametrize("given", [["a"], [{"Value": "1"}], 3, "ab"])
def test_what_is_no_list_of_tags_is_refused(given: Any) -> None:
    with pytest.raises(AwsError, match="property Tags must be a list"):
        read_tags(given)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceAlreadyExistsException", "AlreadyExists"),
        ("ParameterAlreadyExists", "AlreadyExists"),
        ("PipelineNameInUseException", "AlreadyExists"),
        ("NoSuchBucket", "NotFound"),
        ("InvalidInputException", "InvalidRequest"),
        ("AccountLimitExceededException", "ServiceLimitExceeded"),
        ("BucketNotEmpty", "GeneralServiceException"),
        ("Teapot", "GeneralServiceException"),
    ],
)
def test_reasons_name_what_kind_of_error_it_was(code: str, kind: str) -> None:
    error = AwsError(code, "Because.")
    assert handler_error_code(error) == kind
    assert reason_of(error, TASK) == (
        f'Resource handler returned message: "Because." (RequestToken: {TASK},'
        f" HandlerErrorCode: {kind})"
    )


def test_what_is_found_before_anybody_is_asked_is_told_as_it_is() -> None:
    assert reason_of(not_implemented("X"), TASK) == "not implemented: X"
    assert handler_error_code(AwsError("Teapot", "", 503)) == "ServiceInternalError"
