"""Anything may be asked of pipelines in any order: what is answered always fits AWS's model.

`Works` holds each answer against it. Requests are made of what is there, and of some that is not.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.pipelines import Failed, Succeeded
from penstock.store import Store

from .works import ASK, UNKNOWN, Works, condition, stage

pytestmark = pytest.mark.anyio

STEPS = 60
NOT_ONES_FAULT = (400, 409)
FAILED = Failed("JobFailed", "no")
STAGES = (
    stage("Ask", ASK, {**ASK, "name": "Also"}, beforeEntry=condition("FAIL", "before")),
    stage(
        "Then",
        {**ASK, "name": "First"},
        {**ASK, "name": "Next", "runOrder": 2},
        onFailure={"result": "RETRY"},
    ),
    stage("Last", {**ASK, "name": "Done"}, beforeEntry=condition("SKIP", "skip")),
)


class History:
    """Asks at random; `runs` are the executions it has heard of."""

    def __init__(self, works: Works, seed: int, run: str) -> None:
        self.works = works
        self.random = random.Random(seed)
        self.runs = [run]
        self.answered: set[str] = set()
        self.refused: set[str] = set()

    async def step(self) -> None:
        await self.works.work()
        if self.random.random() < 0.5:
            await self._end_something()
            return
        operation, asked = self._request()
        try:
            answer = await self.works(operation, **asked)
        except AwsError as error:
            assert self.works.status in NOT_ONES_FAULT, (operation, asked, error)
            self.refused.add(error.code)
            return
        self.answered.add(operation)
        if operation in ("start_pipeline_execution", "rollback_stage"):
            self.runs.append(answer["pipelineExecutionId"])

    async def _end_something(self) -> None:
        rows = await self.works.store.database.fetch(
            "SELECT id FROM action_executions WHERE status = 'InProgress' ORDER BY sequence"
        )
        if rows:
            outcome = FAILED if self.random.random() < 0.3 else Succeeded()
            assert await self.works.plant.finish(self.random.choice(rows).id, outcome)

    def _request(self) -> tuple[str, dict[str, Any]]:
        run = self.random.choice([*self.runs[-4:], UNKNOWN])
        name = self.random.choice(["Source", "Ask", "Then", "Last", "Absent"])
        of_run = {"pipelineName": "web", "pipelineExecutionId": run}
        of_stage = {"pipelineName": "web", "stageName": name}
        start: dict[str, Any] = {"name": "web"}
        gate = {**of_stage, "transitionType": "Inbound"}
        requests: list[tuple[str, dict[str, Any]]] = [
            ("start_pipeline_execution", start),
            ("start_pipeline_execution", {**start, "clientRequestToken": "one"}),
            ("stop_pipeline_execution", {**of_run, "reason": "so"}),
            ("stop_pipeline_execution", {**of_run, "abandon": True}),
            ("retry_stage_execution", {**of_stage, **of_run, "retryMode": "FAILED_ACTIONS"}),
            ("retry_stage_execution", {**of_stage, **of_run, "retryMode": "ALL_ACTIONS"}),
            ("rollback_stage", {**of_stage, "targetPipelineExecutionId": run}),
            ("override_stage_condition", {**of_stage, **of_run, "conditionType": "BEFORE_ENTRY"}),
            ("disable_stage_transition", {**gate, "reason": "so"}),
            ("enable_stage_transition", gate),
            ("enable_stage_transition", gate),
            ("get_pipeline_execution", of_run),
        ]
        return self.random.choice(requests)


async def look(works: Works) -> None:
    """All that shows anything, each answer held against the model."""
    await works.stages()
    for what in ("pipeline", "action", "rule"):
        await works(f"list_{what}_executions", pipelineName="web")


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED", "PARALLEL"])
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_is_asked_the_answer_fits_and_nothing_stays_locked(
    store: Store, mode: str, seed: int
) -> None:
    """CP-030, CP-031"""
    works = Works(store)
    await works.furnish()
    history = History(works, seed, await works.make(*STAGES, executionMode=mode))
    for _ in range(STEPS):
        await history.step()
        await look(works)
    assert len(history.answered) > 3
    assert history.refused
    listed = await works("list_pipeline_executions", pipelineName="web")
    for one in listed["pipelineExecutionSummaries"]:
        if one["status"] in ("InProgress", "Stopping"):
            run = one["pipelineExecutionId"]
            try:
                await works(
                    "stop_pipeline_execution", pipelineName="web", pipelineExecutionId=run,
                    abandon=True,
                )  # fmt: skip
            except AwsError as error:  # it has ended as the one before it did
                assert error.code == "PipelineExecutionNotStoppableException"
    (row,) = await store.database.fetch("SELECT stages FROM pipelines")
    assert [one for one in row.stages.values() if one.get("holder") or one.get("waiting")] == []
    going = await store.database.fetch(
        "SELECT 1 FROM action_executions WHERE status = 'InProgress'"
        " UNION ALL SELECT 1 FROM pipeline_executions WHERE status IN ('InProgress', 'Stopping')"
    )
    assert going == []
