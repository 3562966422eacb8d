"""Pipelines that run, asked about by boto3; what is answered is held against AWS's own model."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from penstock.documents.model_shapes import check_shape, shapes_of
from penstock.errors import AwsError
from penstock.state.pipelines import Failed, Succeeded
from penstock.store import Store
from penstock.store.action_executions import ACTION, find_actions
from penstock.worker.actions import start_action

from .desk import Desk, action, pipeline
from .plant import Plant, zipped

ASK = action("Ask", "Approval Manual")
NO = Failed("JobFailed", "no")
ROOT = "arn:aws:iam::000000000000:root"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
FILES = {"index.html": b"<p>hello"}


def stage(name: str, *actions: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"name": name, "actions": list(actions), **members}


def rule(name: str) -> dict[str, Any]:
    type = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
    checked = {"Variable": "a", "Value": "b", "Operator": "EQ"}
    return {"name": name, "ruleTypeId": type, "configuration": checked}


def condition(result: str, *names: str) -> dict[str, Any]:
    return {"conditions": [{"result": result, "rules": [rule(name) for name in names]}]}


class Works(Desk):
    """A Desk that knows how pipelines run; `plant` does what workers do. Time goes on by itself.

    What is asked for is not looked at before it is sent: that is what servers are for.
    """

    def __init__(self, store: Store, **options: Any) -> None:
        super().__init__(store, parameter_validation=False, **options)
        self.plant = Plant(store)
        self.named("web")

    def named(self, name: str) -> None:
        """The pipeline that is spoken of."""
        self.plant.name = self.plant.name._replace(name=name)

    async def __call__(self, operation: str, /, **request: Any) -> dict[str, Any]:
        self.now = self.plant.tick()
        answer = await super().__call__(operation, **request)
        shape = "".join(word.capitalize() for word in operation.split("_")) + "Output"
        if shape in shapes_of("codepipeline"):
            _, findings = check_shape("codepipeline", shape, answer)
            assert not findings, findings
        return answer

    async def refused(self, operation: str, /, **request: Any) -> str:
        """The code; conflicts have a status of their own (CP-001)."""
        with pytest.raises(AwsError) as raised:
            await self(operation, **request)
        assert self.status == (409 if raised.value.code == "ConflictException" else 400)
        return raised.value.code

    async def furnish(self) -> str:
        """Buckets, and something to fetch; the version of that."""
        await self.bucket()
        await self.plant.bucket("sources", versioned=True)
        return await self.plant.put("sources", "app.zip", zipped(FILES))

    async def make(
        self,
        *stages: dict[str, Any],
        name: str = "web",
        first: dict[str, Any] | None = None,
        **members: Any,
    ) -> str:
        """A pipeline behind its S3 source, and the id of the execution that its making started.

        `first` is another source action.
        """
        self.named(name)
        declared = pipeline(name, *(stages or ASKING), **members)
        if first is not None:
            declared["stages"][0]["actions"] = [first]
        await self("create_pipeline", pipeline=declared)
        return await self.newest()

    async def newest(self) -> str:
        listed = await self("list_pipeline_executions", pipelineName=self.plant.name.name)
        return str(listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"])

    async def start(self, **asked: Any) -> str:
        answer = await self("start_pipeline_execution", name=self.plant.name.name, **asked)
        return str(answer["pipelineExecutionId"])

    async def work(self) -> None:
        """Does the jobs of actions there are, and those that come of them; rules are left alone."""
        while jobs := await self._jobs():
            for job in jobs:
                await start_action(self.store, job.action, self.plant.tick)
                await self.store.database.execute(
                    "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,)
                )

    async def _jobs(self) -> list[Any]:
        jobs = await self.plant.jobs()
        rows = await find_actions(self.store.database, [job.action for job in jobs])
        return [job for job in jobs if rows[job.action].kind == ACTION]

    async def finish(
        self,
        name: str,
        outcome: Succeeded | Failed = Succeeded(),  # noqa: B008
        run: str = "",
    ) -> UUID:
        """Ends the action, or the rule, that runs under a name; its id."""
        rows = await self.store.database.fetch(
            "SELECT a.id FROM action_executions a JOIN pipelines p ON p.id = a.pipeline"
            " WHERE p.name = %s AND a.action = %s AND a.status = 'InProgress'"
            " AND %s IN ('', a.execution::text)",
            (self.plant.name.name, name, run),
        )
        (row,) = rows
        assert await self.plant.finish(row.id, outcome)
        found: UUID = row.id
        return found

    async def status_of(self, run: str) -> str:
        answer = await self(
            "get_pipeline_execution", pipelineName=self.plant.name.name, pipelineExecutionId=run
        )
        return str(answer["pipelineExecution"]["status"])

    async def stages(self) -> dict[str, Any]:
        """What GetPipelineState says of each stage."""
        answer = await self("get_pipeline_state", name=self.plant.name.name)
        return {one["stageName"]: one for one in answer["stageStates"]}

    async def action(self, name: str) -> dict[str, Any]:
        """The latest execution of an action, as GetPipelineState has it."""
        for one in (await self.stages()).values():
            for state in one["actionStates"]:
                if state["actionName"] == name:
                    found: dict[str, Any] = state["latestExecution"]
                    return found
        raise LookupError(name)


ASKING = (stage("Ask", ASK),)
