"""Pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.codepipeline.declaration import DECLARED, declaration
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import settled, unless_there
from penstock.resources.shaping import check_names
from penstock.resources.tags import as_list, tag_change, tags_of

LONGEST = 100  # characters of a name
STOPPED = "Disabled by CloudFormation"
_APART = ("DisableInboundStageTransitions", "Name", "RestartExecutionOnUpdate", "Tags")


class Pipeline:
    async def create(self, job: Job) -> Outcome:
        name = str(job.properties.get("Name") or job.name(LONGEST))
        asked: Answer = {"pipeline": _declaration(job, name)}
        if tags := tags_of(job):
            asked["tags"] = as_list(tags, "key", "value")
        creating = job.cloud.ask("codepipeline", "CreatePipeline", **asked)
        made = await unless_there(job, creating, "PipelineNameInUseException")
        if made is None:
            made = await job.cloud.ask("codepipeline", "GetPipeline", name=name)
        return await settled(job, name, self._gates(job, name, made))

    async def update(self, job: Job) -> Outcome:
        name, asked = job.physical_id, _declaration(job, job.physical_id)
        operation = "UpdatePipeline" if differs(job, *DECLARED) else "GetPipeline"
        asked = {"pipeline": asked} if operation == "UpdatePipeline" else {"name": name}
        made = await job.cloud.ask("codepipeline", operation, **asked)
        await self._tag(job)
        outcome = await self._gates(job, name, made)
        if str(job.properties.get("RestartExecutionOnUpdate", False)).lower() == "true":
            # The same task starts one execution, however often it is done.
            token = str(job.task.id)
            await job.cloud.ask(
                "codepipeline", "StartPipelineExecution", name=name, clientRequestToken=token
            )
        return outcome

    async def delete(self, job: Job) -> Outcome:
        await job.cloud.ask("codepipeline", "DeletePipeline", name=job.physical_id)
        return Made(job.physical_id)

    async def _gates(self, job: Job, name: str, made: Answer) -> Made:
        """Closes the transitions that are to be closed, and opens those that no longer are."""
        wanted, before = _closed(job.properties), _closed(job.previous)
        stages = {stage["name"] for stage in made["pipeline"]["stages"]}
        for stage, reason in wanted.items():
            if before.get(stage) != reason:
                await self._gate(job, "DisableStageTransition", name, stage, reason=reason)
        for stage in before.keys() & stages - wanted.keys():
            await self._gate(job, "EnableStageTransition", name, stage)
        version = str(made["pipeline"]["version"])
        return Made(name, {"Arn": _arn(job, name), "Version": version})

    async def _gate(self, job: Job, operation: str, name: str, stage: str, **more: str) -> None:
        asked = {"pipelineName": name, "stageName": stage, "transitionType": "Inbound", **more}
        await job.cloud.ask("codepipeline", operation, **asked)

    async def _tag(self, job: Job) -> None:
        change, about = tag_change(job), {"resourceArn": _arn(job, job.physical_id)}
        if change.gone:
            await job.cloud.ask("codepipeline", "UntagResource", **about, tagKeys=change.gone)
        if change.put:
            tags = as_list(change.put, "key", "value")
            await job.cloud.ask("codepipeline", "TagResource", **about, tags=tags)


def _declaration(job: Job, name: str) -> Answer:
    check_names(job.properties, (*DECLARED, *_APART))
    _closed(job.properties)
    return declaration(name, job.properties)


def _closed(properties: Mapping[str, Any]) -> dict[str, str]:
    """The stages that nothing may enter, each with the reason. Raises AwsError."""
    given = properties.get("DisableInboundStageTransitions") or ()
    for one in given:
        check_names(one, ("Reason", "StageName"))
    return {str(one.get("StageName")): str(one.get("Reason") or STOPPED) for one in given}


def _arn(job: Job, name: str) -> str:
    return f"arn:aws:codepipeline:{job.stack.region}:{job.stack.account}:{name}"
