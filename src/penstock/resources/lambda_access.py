"""Who invokes functions of the sandbox, and how: permissions, URLs, sources of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone, unless_there
from penstock.resources.sandboxed import Sandboxed, needed
from penstock.resources.shaping import check_names, request_of, shaped
from penstock.resources.tags import tags_of

_PERMISSION = (
    "Action", "EventSourceToken", "FunctionName", "FunctionUrlAuthType", "InvokedViaFunctionUrl",
    "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn",
)  # fmt: skip
_MAPPING = (
    "AmazonManagedKafkaEventSourceConfig", "BatchSize", "BisectBatchOnFunctionError",
    "DestinationConfig", "DocumentDBEventSourceConfig", "Enabled", "EventSourceArn",
    "FilterCriteria", "FunctionName", "FunctionResponseTypes", "KmsKeyArn", "LoggingConfig",
    "MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "MetricsConfig", "ParallelizationFactor", "ProvisionedPollerConfig", "Queues", "ScalingConfig",
    "SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig", "SourceAccessConfigurations",
    "StartingPosition", "StartingPositionTimestamp", "Topics", "TumblingWindowInSeconds",
)  # fmt: skip
_MAPPED_ONCE = (
    "AmazonManagedKafkaEventSourceConfig", "EventSourceArn", "Queues", "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig", "StartingPosition", "StartingPositionTimestamp", "Topics",
)  # fmt: skip


class Permission(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "Action", "FunctionName", "Principal")
        asked = request_of("lambda", "AddPermissionRequest", job.properties, _PERMISSION)
        asked["StatementId"] = job.name(100)
        await unless_there(job, job.cloud.ask("lambda", "AddPermission", **asked))
        return str(asked["StatementId"])

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        asked = {
            "FunctionName": str(job.properties["FunctionName"]),
            "StatementId": job.physical_id,
        }
        await job.cloud.ask("lambda", "RemovePermission", **asked)


class LayerVersionPermission(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "Action", "LayerVersionArn", "Principal")
        taken = ("Action", "OrganizationId", "Principal")
        asked = request_of(
            "lambda",
            "AddLayerVersionPermissionRequest",
            job.properties,
            taken,
            ("LayerVersionArn",),
        )
        made = f"{job.properties['LayerVersionArn']}#{job.name(100)}"
        await unless_there(
            job, job.cloud.ask("lambda", "AddLayerVersionPermission", **_statement(made), **asked)
        )
        return made

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        which = _statement(job.physical_id)
        await job.cloud.ask("lambda", "RemoveLayerVersionPermission", **which)


def _statement(physical_id: str) -> dict[str, Any]:
    arn, _, statement = physical_id.partition("#")
    layer, _, version = arn.rpartition(":")
    return {"LayerName": layer, "VersionNumber": int(version), "StatementId": statement}


class EventSourceMapping(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "FunctionName")
        shape = "CreateEventSourceMappingRequest"
        asked = request_of("lambda", shape, job.properties, _MAPPING, ("Tags",))
        which = {name: asked[name] for name in ("EventSourceArn", "FunctionName") if name in asked}
        if job.again:
            found = await job.cloud.ask("lambda", "ListEventSourceMappings", **which)
            if found["EventSourceMappings"]:
                return str(found["EventSourceMappings"][0]["UUID"])
        asked["Tags"] = tags_of(job)
        return str((await job.cloud.ask("lambda", "CreateEventSourceMapping", **asked))["UUID"])

    async def change(self, job: Job) -> None:
        check_names(job.properties, (*_MAPPING, "Tags"))
        given = {
            name: job.properties[name] for name in _MAPPING
            if name in job.properties and name not in _MAPPED_ONCE
        }  # fmt: skip
        asked = shaped("lambda", "UpdateEventSourceMappingRequest", given)
        await job.cloud.ask("lambda", "UpdateEventSourceMapping", UUID=job.physical_id, **asked)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        place = f"arn:aws:lambda:{job.stack.region}:{job.stack.account}"
        arn = f"{place}:event-source-mapping:{physical_id}"
        return {"Id": physical_id, "EventSourceMappingArn": arn}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("lambda", "DeleteEventSourceMapping", UUID=job.physical_id)


class Url(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "AuthType", "TargetFunctionArn")
        asked = _url(job)
        made = await unless_there(job, job.cloud.ask("lambda", "CreateFunctionUrlConfig", **asked))
        which = {name: asked[name] for name in ("FunctionName", "Qualifier") if name in asked}
        made = made or await job.cloud.ask("lambda", "GetFunctionUrlConfig", **which)
        return str(made["FunctionArn"])

    async def change(self, job: Job) -> None:
        await job.cloud.ask("lambda", "UpdateFunctionUrlConfig", **_url(job))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        found = await job.cloud.ask("lambda", "GetFunctionUrlConfig", **_which(job))
        return {"FunctionArn": found["FunctionArn"], "FunctionUrl": found["FunctionUrl"]}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("lambda", "DeleteFunctionUrlConfig", **_which(job))


def _url(job: Job) -> dict[str, Any]:
    taken, apart = ("AuthType", "Cors", "InvokeMode"), ("Qualifier", "TargetFunctionArn")
    asked = request_of("lambda", "CreateFunctionUrlConfigRequest", job.properties, taken, apart)
    return asked | _which(job)


def _which(job: Job) -> dict[str, str]:
    function = str(job.properties["TargetFunctionArn"])
    qualifier = job.properties.get("Qualifier")
    return {"FunctionName": function} | ({"Qualifier": str(qualifier)} if qualifier else {})


class EventInvokeConfig(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "FunctionName", "Qualifier")
        return f"{job.properties['FunctionName']}|{job.properties['Qualifier']}"

    async def complete(self, job: Job, physical_id: str) -> None:
        taken = (
            "DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts",
            "Qualifier",
        )  # fmt: skip
        shape = "PutFunctionEventInvokeConfigRequest"
        asked = request_of("lambda", shape, job.properties, taken)
        await job.cloud.ask("lambda", "PutFunctionEventInvokeConfig", **asked)

    async def remove(self, job: Job) -> None:
        function, _, qualifier = job.physical_id.partition("|")
        asked = {"FunctionName": function, "Qualifier": qualifier}
        await unless_gone(job.cloud.ask("lambda", "DeleteFunctionEventInvokeConfig", **asked))


HANDLERS: Mapping[str, Handler] = {
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig(),
    "AWS::Lambda::EventSourceMapping": EventSourceMapping(),
    "AWS::Lambda::LayerVersionPermission": LayerVersionPermission(),
    "AWS::Lambda::Permission": Permission(),
    "AWS::Lambda::Url": Url(),
}
