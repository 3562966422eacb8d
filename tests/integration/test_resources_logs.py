"""Log groups, streams and metric filters that stacks make (TG-046 to TG-048)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.stacks import NotMade

from .resource_bench import Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio

GROUP = "AWS::Logs::LogGroup"
FILTER = "AWS::Logs::MetricFilter"
NAMED = {"LogGroupName": "/app", "RetentionInDays": "7", "Tags": [{"Key": "a", "Value": "1"}]}
COUNTED: dict[str, Any] = {
    "LogGroupName": "/app",
    "FilterName": "errors",
    "FilterPattern": "{ $.level = error }",
    "MetricTransformations": [
        {
            "MetricName": "Errors",
            "MetricNamespace": "App",
            "MetricValue": "1",
            "Unit": "Count",
            "Dimensions": [{"Key": "host", "Value": "$.host"}],
        }
    ],
}


async def group(bench: Bench, name: str = "/app") -> tuple[Any, ...]:
    found = await bench.ask("logs", "DescribeLogGroups", logGroupNamePrefix=name)
    tags = await bench.ask("logs", "ListTagsLogGroup", logGroupName=name)
    (about,) = found["logGroups"]
    return about.get("retentionInDays"), about["deletionProtectionEnabled"], tags["tags"]


async def test_a_log_group_is_created_changed_and_deleted(bench: Bench) -> None:
    """TG-047"""
    made = await bench.create("Logs", GROUP, NAMED)
    assert made.physical_id == "/app"
    assert made.attributes == {"Arn": "arn:aws:logs:us-east-1:000000000000:log-group:/app:*"}
    assert await group(bench) == (7, False, {"a": "1", "team": "web"})

    await bench.update("Logs", {"LogGroupName": "/app", "DeletionProtectionEnabled": True})
    assert await group(bench) == (None, True, {"team": "web"})

    await bench.update("Logs", {"LogGroupName": "/app"})
    await bench.delete("Logs")
    assert (await bench.ask("logs", "DescribeLogGroups"))["logGroups"] == []


async def test_a_log_group_that_is_there_is_somebody_elses_unless_done_again(bench: Bench) -> None:
    await bench.create("Logs", GROUP, NAMED)
    assert "already exists" in await bench.refused("Logs", GROUP, NAMED)
    await bench.create("Logs", GROUP, {**NAMED, "RetentionInDays": 14}, again=True)
    assert (await group(bench))[0] == 14


async def test_a_log_group_whose_settings_are_refused_is_there_to_be_deleted(bench: Bench) -> None:
    outcome = await bench.created("Logs", GROUP, {**NAMED, "RetentionInDays": 8})
    assert isinstance(outcome, NotMade)
    assert outcome.physical_id == "/app"
    assert "HandlerErrorCode: InvalidRequest" in outcome.reason


async def test_a_log_groups_class_stays(bench: Bench) -> None:
    made = await bench.create("Logs", GROUP, {"KmsKeyId": "arn:aws:kms:us-east-1:1:key/k"})
    assert made.physical_id.startswith("shop-Logs-")
    with pytest.raises(AwsError, match="class of a log group cannot be changed"):
        await bench.updated("Logs", {"LogGroupClass": "INFREQUENT_ACCESS"})


async def test_log_group_properties_that_change_what_happens_are_refused(bench: Bench) -> None:
    told = await bench.refused("Logs", GROUP, {"DataProtectionPolicy": {"Name": "mask"}})
    assert told.endswith("not implemented: AWS::Logs::LogGroup DataProtectionPolicy")
    told = await bench.refused("Logs", GROUP, {"Retention": 3})
    assert told.endswith("Encountered unsupported property Retention")


async def test_a_log_stream_is_created_and_deleted(bench: Bench) -> None:
    await bench.create("Logs", GROUP, NAMED)
    asked = {"LogGroupName": "/app"}
    made = await bench.create("Stream", "AWS::Logs::LogStream", asked)
    found = await bench.ask("logs", "DescribeLogStreams", logGroupName="/app")
    assert [each["logStreamName"] for each in found["logStreams"]] == [made.physical_id]
    assert "already exists" in await bench.refused("Stream", "AWS::Logs::LogStream", asked)
    again = await bench.create("Stream", "AWS::Logs::LogStream", asked, again=True)
    assert again.physical_id == made.physical_id
    await bench.delete("Stream")


async def test_a_metric_filter_is_created_changed_and_deleted(bench: Bench) -> None:
    """TG-048"""
    await bench.create("Logs", GROUP, NAMED)
    made = await bench.create("Errors", FILTER, COUNTED)
    assert made.physical_id == "errors"
    (found,) = await filters(bench)
    assert found["filterPattern"] == "{ $.level = error }"
    assert found["metricTransformations"] == [
        {
            "metricName": "Errors",
            "metricNamespace": "App",
            "metricValue": "1",
            "unit": "Count",
            "dimensions": {"host": "$.host"},
        }
    ]
    assert "already exists" in await bench.refused("Errors", FILTER, COUNTED)
    await bench.create("Errors", FILTER, COUNTED, again=True)
    transformation = {"MetricName": "E", "MetricNamespace": "App", "MetricValue": 2}
    await bench.update("Errors", {**COUNTED, "MetricTransformations": [transformation]})
    (found,) = await filters(bench)
    assert found["metricTransformations"] == [
        {"metricName": "E", "metricNamespace": "App", "metricValue": "2"}
    ]
    await bench.delete("Errors")
    assert await filters(bench) == []


async def filters(bench: Bench) -> list[Any]:
    found = await bench.ask("logs", "DescribeMetricFilters", logGroupName="/app")
    return list(found["metricFilters"])
