"""Alarms and dashboards of CloudWatch, in the sandbox: nothing measures there by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.sandboxed import Sandboxed
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_ALARM = (
    "ActionsEnabled", "AlarmActions", "AlarmDescription", "ComparisonOperator", "DatapointsToAlarm",
    "Dimensions", "EvaluateLowSampleCountPercentile", "EvaluationCriteria", "EvaluationInterval",
    "EvaluationPeriods", "ExtendedStatistic", "InsufficientDataActions", "MetricName", "Metrics",
    "Namespace", "OKActions", "Period", "Statistic", "Threshold", "ThresholdMetricId",
    "TreatMissingData", "Unit",
)  # fmt: skip


class Alarm(Sandboxed):
    async def make(self, job: Job) -> str:
        name = str(job.properties.get("AlarmName") or job.name(255))
        asked = _alarm(job, name)
        tags = as_list(tags_of(job))
        await job.cloud.ask("cloudwatch", "PutMetricAlarm", **asked, Tags=tags)
        return name

    async def change(self, job: Job) -> None:
        await job.cloud.ask("cloudwatch", "PutMetricAlarm", **_alarm(job, job.physical_id))
        change, arn = tag_change(job), _arn(job, job.physical_id)
        if change.gone:
            asked = {"ResourceARN": arn, "TagKeys": change.gone}
            await job.cloud.ask("cloudwatch", "UntagResource", **asked)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("cloudwatch", "TagResource", ResourceARN=arn, Tags=tags)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Arn": _arn(job, physical_id)}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("cloudwatch", "DeleteAlarms", AlarmNames=[job.physical_id])


def _alarm(job: Job, name: str) -> dict[str, Any]:
    asked = request_of(
        "cloudwatch", "PutMetricAlarmInput", job.properties, _ALARM, ("AlarmName", "Tags")
    )
    return asked | {"AlarmName": name}


def _arn(job: Job, name: str) -> str:
    return f"arn:aws:cloudwatch:{job.stack.region}:{job.stack.account}:alarm:{name}"


class Dashboard(Sandboxed):
    async def make(self, job: Job) -> str:
        return str(job.properties.get("DashboardName") or job.name(255))

    async def complete(self, job: Job, physical_id: str) -> None:
        asked = request_of(
            "cloudwatch",
            "PutDashboardInput",
            job.properties,
            ("DashboardBody",),
            ("DashboardName", "Tags"),
        )
        await job.cloud.ask("cloudwatch", "PutDashboard", DashboardName=physical_id, **asked)

    async def remove(self, job: Job) -> None:
        names = [job.physical_id]
        await job.cloud.ask("cloudwatch", "DeleteDashboards", DashboardNames=names)


HANDLERS: Mapping[str, Handler] = {
    "AWS::CloudWatch::Alarm": Alarm(),
    "AWS::CloudWatch::Dashboard": Dashboard(),
}
