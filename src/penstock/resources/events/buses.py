"""Buses, and statements of their policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import settled, unless_gone, unless_there
from penstock.resources.shaping import check_names, request_of, shaped, unsupported
from penstock.resources.tags import as_list, tag_change, tags_of

ABSENT = "ResourceNotFoundException"
DEFAULT = "default"
_TAKEN = ("DeadLetterConfig", "Description", "EventSourceName", "KmsKeyIdentifier", "LogConfig")
_NAMES = ("Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId")


class EventBus:
    async def create(self, job: Job) -> Outcome:
        name, asked = str(job.properties.get("Name", "")), _request(job)
        if tags := tags_of(job):
            asked["Tags"] = as_list(tags)
        creating = job.cloud.ask("events", "CreateEventBus", Name=name, **asked)
        await unless_there(job, creating, "ResourceAlreadyExistsException")
        return await settled(job, name, self._permit(job, name))

    async def update(self, job: Job) -> Outcome:
        asked = {"Description": "", **_request(job)}
        asked.pop("EventSourceName", None)
        await job.cloud.ask("events", "UpdateEventBus", Name=job.physical_id, **asked)
        change, about = tag_change(job), {"ResourceARN": _arn(job, job.physical_id)}
        if change.gone:
            await job.cloud.ask("events", "UntagResource", **about, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("events", "TagResource", **about, Tags=tags)
        return await self._permit(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        await job.cloud.ask("events", "DeleteEventBus", Name=job.physical_id)
        return Made(job.physical_id)

    async def _permit(self, job: Job, name: str) -> Made:
        policy = job.properties.get("Policy")
        if policy:
            asked = shaped("events", "PutPermissionRequest", {"Policy": policy})
            await job.cloud.ask("events", "PutPermission", EventBusName=name, **asked)
        elif differs(job, "Policy"):
            asked = {"EventBusName": name, "RemoveAllPermissions": True}
            await job.cloud.ask("events", "RemovePermission", **asked)
        return Made(name, {"Arn": _arn(job, name), "Name": name})


class EventBusPolicy:
    """One statement: of the whole policy it is the one with its id."""

    async def create(self, job: Job) -> Outcome:
        _check(job)
        return await self._put(job, str(job.properties.get("StatementId", "")))

    async def update(self, job: Job) -> Outcome:
        _check(job)
        return await self._put(job, str(job.properties.get("StatementId", "")))

    async def delete(self, job: Job) -> Outcome:
        asked = {"EventBusName": _bus(job), "StatementId": job.properties.get("StatementId")}
        await unless_gone(job.cloud.ask("events", "RemovePermission", **asked), ABSENT)
        return Made(job.physical_id)

    async def _put(self, job: Job, sid: str) -> Made:
        bus, statement = _bus(job), _statement(job)
        if statement is None:
            names = ("Action", "Condition", "Principal", "StatementId")
            given = {name: job.properties[name] for name in names if name in job.properties}
            asked = shaped("events", "PutPermissionRequest", given)
        else:
            others = [one for one in await self._statements(job) if one.get("Sid") != sid]
            document = {"Version": "2012-10-17", "Statement": [*others, {**statement, "Sid": sid}]}
            asked = {"Policy": json.dumps(document)}
        await job.cloud.ask("events", "PutPermission", EventBusName=bus, **asked)
        return Made(f"{bus}|{sid}")

    async def _statements(self, job: Job) -> list[dict[str, Any]]:
        found = await job.cloud.ask("events", "DescribeEventBus", Name=_bus(job))
        statements = json.loads(found.get("Policy") or '{"Statement": []}')["Statement"]
        return list(statements)


def _request(job: Job) -> Answer:
    apart = ("Name", "Policy", "Tags")
    return request_of("events", "CreateEventBusRequest", job.properties, _TAKEN, apart)


def _check(job: Job) -> None:
    check_names(job.properties, _NAMES)
    if "Statement" in job.properties:
        for name in ("Action", "Condition", "Principal"):
            if name in job.properties:
                raise unsupported(f"{name} beside Statement")


def _statement(job: Job) -> Mapping[str, Any] | None:
    """A statement that is written whole."""
    given = job.properties.get("Statement")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = ""
    if given is None or isinstance(given, Mapping):
        return given
    raise AwsError("ValidationError", "Value of property Statement must be an object")


def _bus(job: Job) -> str:
    return str(job.properties.get("EventBusName") or DEFAULT)


def _arn(job: Job, name: str) -> str:
    return f"arn:aws:events:{job.stack.region}:{job.stack.account}:event-bus/{name}"
