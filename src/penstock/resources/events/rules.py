"""Rules, and the targets that belong to them."""

from __future__ import annotations

from typing import Any

from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import settled, unless_gone
from penstock.resources.shaping import request_of, shaped
from penstock.resources.tags import as_list, tag_change, tags_of

ABSENT = "ResourceNotFoundException"
DEFAULT = "default"
_TAKEN = ("Description", "EventBusName", "EventPattern", "RoleArn", "ScheduleExpression", "State")
_APART = ("Name", "Tags", "Targets")


class Rule:
    async def create(self, job: Job) -> Outcome:
        name, asked = str(job.properties.get("Name") or job.name(64)), _request(job)
        if tags := tags_of(job):
            asked["Tags"] = as_list(tags)
        await job.cloud.ask("events", "PutRule", Name=name, **asked)
        return await settled(job, _physical_id(job, name), self._aim(job, name))

    async def update(self, job: Job) -> Outcome:
        """PutRule replaces what a rule is; its tags are left alone by it."""
        name = job.physical_id.rpartition("|")[2]
        await job.cloud.ask("events", "PutRule", Name=name, **_request(job))
        change, about = tag_change(job), {"ResourceARN": _arn(job, name)}
        if change.gone:
            await job.cloud.ask("events", "UntagResource", **about, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("events", "TagResource", **about, Tags=tags)
        return await self._aim(job, name)

    async def delete(self, job: Job) -> Outcome:
        name, bus = job.physical_id.rpartition("|")[2], _bus(job)
        ids = await self._targets(job, name)
        if ids:
            asked = {"Rule": name, "EventBusName": bus, "Ids": sorted(ids)}
            await unless_gone(job.cloud.ask("events", "RemoveTargets", **asked), ABSENT)
        deleting = job.cloud.ask("events", "DeleteRule", Name=name, EventBusName=bus)
        await unless_gone(deleting, ABSENT)
        return Made(job.physical_id)

    async def _targets(self, job: Job, name: str) -> set[str]:
        """The ids of those it has."""
        looking = job.cloud.ask("events", "ListTargetsByRule", Rule=name, EventBusName=_bus(job))
        found = await unless_gone(looking, ABSENT) or {}
        return {target["Id"] for target in found.get("Targets", ())}

    async def _aim(self, job: Job, name: str) -> Made:
        """Gives a rule the targets of the template, and none besides those others have put."""
        wanted = _targets(job.properties)
        about = {"Rule": name, "EventBusName": _bus(job)}
        before = {target["Id"] for target in _targets(job.previous)}
        gone = before & await self._targets(job, name) - {target["Id"] for target in wanted}
        if gone:
            await job.cloud.ask("events", "RemoveTargets", **about, Ids=sorted(gone))
        if wanted:
            await job.cloud.ask("events", "PutTargets", **about, Targets=wanted)
        return Made(_physical_id(job, name), {"Arn": _arn(job, name), "RuleName": name})


def _request(job: Job) -> Answer:
    _targets(job.properties)
    return request_of("events", "PutRuleRequest", job.properties, _TAKEN, _APART)


def _targets(properties: Any) -> list[Answer]:
    asked = shaped("events", "PutTargetsRequest", {"Targets": properties.get("Targets") or []})
    found: list[Answer] = asked["Targets"]
    return found


def _bus(job: Job) -> str:
    """A rule may name its bus by the ARN."""
    return str(job.properties.get("EventBusName") or DEFAULT)


def _path(job: Job, name: str) -> str:
    bus = _bus(job).rpartition(":event-bus/")[2]
    return name if bus == DEFAULT else f"{bus}/{name}"


def _physical_id(job: Job, name: str) -> str:
    """A rule of the default bus goes by its name, another also by its bus's."""
    return _path(job, name).replace("/", "|")


def _arn(job: Job, name: str) -> str:
    return f"arn:aws:events:{job.stack.region}:{job.stack.account}:rule/{_path(job, name)}"
