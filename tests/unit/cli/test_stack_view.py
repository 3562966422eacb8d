"""Stacks in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from penstock.cli.stack_view import (
    changes_table,
    describe,
    events_table,
    is_unchanged,
    stacks_table,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_stack_is_shown_with_what_is_in_it_and_what_went_wrong() -> None:
    stack = {
        "StackName": "app",
        "StackStatus": "CREATE_FAILED",
        "StackStatusReason": "The following resource(s) failed to create: [Bucket].",
        "Parameters": [{"ParameterKey": "Token", "ParameterValue": "****"}],
        "Outputs": [{"OutputKey": "Url", "OutputValue": "http://127.0.0.1"}],
    }
    resources = [
        {
            "LogicalResourceId": "Bucket",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceType": "AWS::S3::Bucket",
            "ResourceStatusReason": "it exists",
        }
    ]
    assert [line.split() for line in describe(stack, resources)] == [
        ["app", "CREATE_FAILED"],
        ["The", "following", "resource(s)", "failed", "to", "create:", "[Bucket]."],
        ["Parameters"],
        ["Token", "****"],
        ["Outputs"],
        ["Url", "http://127.0.0.1"],
        ["Resources"],
        ["Bucket", "CREATE_FAILED", "AWS::S3::Bucket"],
        ["it", "exists"],
    ]


def test_lists_have_a_line_for_each() -> None:
    assert stacks_table([]) == ["No stacks."]
    (line,) = stacks_table(
        [{"StackName": "app", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOON}]
    )
    assert line.startswith("app ") and "CREATE_COMPLETE" in line
    (line,) = events_table(
        [{"Timestamp": NOON, "ResourceStatus": "CREATE_COMPLETE", "LogicalResourceId": "app"}]
    )
    assert line.endswith("app")


def change(action: str, **members: Any) -> dict[str, Any]:
    about = {"Action": action, "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket"}
    return {"ResourceChange": {**about, **members}}


def test_changes_say_what_is_replaced() -> None:
    details = [
        {"Target": {"Attribute": "Properties", "Name": "BucketName"}},
        {"Target": {"Attribute": "Properties", "Name": "BucketName"}},
        {"Target": {"Attribute": "Tags"}},
    ]
    assert changes_table(
        [
            change("Add"),
            change("Remove"),
            change("Modify", Details=details, Replacement="True"),
            change("Modify", Details=details[2:], Replacement="False"),
        ]
    ) == [
        "+ Bucket (AWS::S3::Bucket)",
        "- Bucket (AWS::S3::Bucket)",
        "~ Bucket (AWS::S3::Bucket) BucketName, Tags: it is replaced",
        "~ Bucket (AWS::S3::Bucket) Tags",
    ]
    assert changes_table([]) == ["No differences."]


def test_nothing_to_change_is_not_a_failure() -> None:
    """TG-108"""
    said = "The submitted information didn't contain changes. Submit different information"
    assert is_unchanged({"StatusReason": said})
    assert not is_unchanged({"StatusReason": "Parameters: [A] must have values"})
