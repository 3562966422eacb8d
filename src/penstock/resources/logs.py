"""Log groups, their streams and metric filters (TG-046 to TG-048)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.resources.contract import Answer, Handler, Job, Made, Outcome
from penstock.resources.existence import settled, unless_gone, unless_there
from penstock.resources.shaping import check_names, request_of, shaped
from penstock.resources.tags import tag_change

THERE, ABSENT = "ResourceAlreadyExistsException", "ResourceNotFoundException"
STANDARD = "STANDARD"


class LogGroup:
    """Its key, its field indexes and its resource policy change nothing that happens here."""

    TAKEN = ("LogGroupClass", "DeletionProtectionEnabled", "RetentionInDays")
    UNUSED = ("KmsKeyId", "FieldIndexPolicies", "ResourcePolicyDocument")
    LACKING = ("DataProtectionPolicy", "BearerTokenAuthenticationEnabled")

    async def create(self, job: Job) -> Outcome:
        name = str(job.properties.get("LogGroupName") or job.name(512))
        _check_group(job)
        kind = str(job.properties.get("LogGroupClass", STANDARD))
        creating = job.cloud.ask("logs", "CreateLogGroup", logGroupName=name, logGroupClass=kind)
        await unless_there(job, creating, THERE)
        return await settled(job, name, self._set(job, name))

    async def update(self, job: Job) -> Outcome:
        _check_group(job)
        kinds = {each.get("LogGroupClass", STANDARD) for each in (job.previous, job.properties)}
        if len(kinds) > 1:
            message = "The class of a log group cannot be changed once it has been created."
            raise AwsError("InvalidParameterException", message)
        return await self._set(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        deleting = job.cloud.ask("logs", "DeleteLogGroup", logGroupName=job.physical_id)
        await unless_gone(deleting, ABSENT)
        return Made(job.physical_id)

    async def _set(self, job: Job, name: str) -> Made:
        arn = f"arn:aws:logs:{job.stack.region}:{job.stack.account}:log-group:{name}"
        # These are members of no one shape: PutRetentionPolicy has the one, the other is a flag.
        days = shaped("logs", "PutRetentionPolicyRequest", _of(job, "RetentionInDays"))
        if days:
            await job.cloud.ask("logs", "PutRetentionPolicy", logGroupName=name, **days)
        else:
            await job.cloud.ask("logs", "DeleteRetentionPolicy", logGroupName=name)
        protected = {"deletionProtectionEnabled": False} | shaped(
            "logs", "CreateLogGroupRequest", _of(job, "DeletionProtectionEnabled")
        )
        await job.cloud.ask(
            "logs", "PutLogGroupDeletionProtection", logGroupIdentifier=name, **protected
        )
        change = tag_change(job)
        if change.gone:
            await job.cloud.ask("logs", "UntagResource", resourceArn=arn, tagKeys=change.gone)
        if change.put:
            await job.cloud.ask("logs", "TagResource", resourceArn=arn, tags=change.put)
        return Made(name, {"Arn": f"{arn}:*"})


class LogStream:
    async def create(self, job: Job) -> Outcome:
        check_names(job.properties, ("LogGroupName", "LogStreamName"))
        name = str(job.properties.get("LogStreamName") or job.name(512))
        asked = {"logGroupName": _group(job), "logStreamName": name}
        await unless_there(job, job.cloud.ask("logs", "CreateLogStream", **asked), THERE)
        return Made(name)

    async def update(self, job: Job) -> Outcome:
        return Made(job.physical_id)  # each of its properties makes another one

    async def delete(self, job: Job) -> Outcome:
        asked = {"logGroupName": _group(job), "logStreamName": job.physical_id}
        await unless_gone(job.cloud.ask("logs", "DeleteLogStream", **asked), ABSENT)
        return Made(job.physical_id)


class MetricFilter:
    async def create(self, job: Job) -> Outcome:
        name = str(job.properties.get("FilterName") or job.name(512))
        asked = _metric_filter(job, name)
        await job.cloud.ask("logs", "PutMetricFilter", **asked)
        return Made(name)

    async def update(self, job: Job) -> Outcome:
        asked = _metric_filter(job, job.physical_id)
        await job.cloud.ask("logs", "PutMetricFilter", **asked)
        return Made(job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        asked = {"logGroupName": _group(job), "filterName": job.physical_id}
        await unless_gone(job.cloud.ask("logs", "DeleteMetricFilter", **asked), ABSENT)
        return Made(job.physical_id)


def _check_group(job: Job) -> None:
    apart = ("LogGroupName", "Tags", *LogGroup.UNUSED, *LogGroup.LACKING)
    check_names(job.properties, (*LogGroup.TAKEN, *apart))
    for name in LogGroup.LACKING:
        if job.properties.get(name) not in (None, {}, "", False, "false"):
            raise not_implemented(f"AWS::Logs::LogGroup {name}")


def _metric_filter(job: Job, name: str) -> Answer:
    """A filter's dimensions are a list in templates and a map in the API."""
    taken = ("FilterPattern", "LogGroupName", "ApplyOnTransformedLogs", "FieldSelectionCriteria")
    apart = ("FilterName", "MetricTransformations")
    properties = job.properties
    asked = request_of(
        "logs",
        "PutMetricFilterRequest",
        properties,
        (*taken, "EmitSystemFieldDimensions"),
        apart,
    )
    given = [
        {**each, "Dimensions": {one.get("Key"): one.get("Value") for one in each["Dimensions"]}}
        if each.get("Dimensions")
        else each
        for each in properties.get("MetricTransformations", ())
    ]
    made = shaped("logs", "PutMetricFilterRequest", {"MetricTransformations": given})
    return {**asked, **made, "filterName": name}


def _group(job: Job) -> str:
    return str(job.properties.get("LogGroupName", ""))


def _of(job: Job, name: str) -> Mapping[str, Any]:
    return {name: job.properties[name]} if name in job.properties else {}


HANDLERS: Mapping[str, Handler] = {
    "AWS::Logs::LogGroup": LogGroup(),
    "AWS::Logs::LogStream": LogStream(),
    "AWS::Logs::MetricFilter": MetricFilter(),
}
