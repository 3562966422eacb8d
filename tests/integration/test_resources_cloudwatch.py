"""Alarms and dashboards, in the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio

ALARM = "AWS::CloudWatch::Alarm"
GIVEN: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "App",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": "60",
    "EvaluationPeriods": 1,
    "Threshold": "1",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Dimensions": [{"Name": "Stage", "Value": "prod"}],
}


async def alarms(sandbox: SandboxBench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sandbox.ask("cloudwatch", "DescribeAlarms"))[
        "MetricAlarms"
    ]
    return found


async def test_an_alarm_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    made = await sandbox.made("Errors", ALARM, GIVEN)
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors"
    assert (made.physical_id, made.attributes) == ("errors", {"Arn": arn})
    [alarm] = await alarms(sandbox)
    assert (alarm["AlarmArn"], alarm["Threshold"], alarm["Period"]) == (arn, 1.0, 60)
    await sandbox.update("Errors", {**GIVEN, "Threshold": 5})
    [alarm] = await alarms(sandbox)
    assert alarm["Threshold"] == 5.0
    await sandbox.delete("Errors")
    assert await alarms(sandbox) == []


async def test_an_alarm_of_somebody_else_is_not_taken(sandbox: SandboxBench) -> None:
    await sandbox.made("Errors", ALARM, GIVEN)
    assert "already exists" in await sandbox.refused("Errors", ALARM, GIVEN)
    assert (await sandbox.made("Errors", ALARM, GIVEN, again=True)).physical_id == "errors"


async def test_a_dashboard_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    type, given = "AWS::CloudWatch::Dashboard", {"DashboardBody": '{"widgets":[]}'}
    made = await sandbox.made("Board", type, given)
    await sandbox.update("Board", {"DashboardBody": {"widgets": [], "start": "-PT1H"}})
    found = await sandbox.ask("cloudwatch", "GetDashboard", DashboardName=made.physical_id)
    assert json.loads(found["DashboardBody"])["start"] == "-PT1H"
    await sandbox.delete("Board")
    assert (await sandbox.ask("cloudwatch", "ListDashboards"))["DashboardEntries"] == []
