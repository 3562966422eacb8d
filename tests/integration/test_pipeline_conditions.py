"""Conditions of stages from their declaration to what comes of them, played by the workers' tasks
(CP-064…070)."""

from __future__ import annotations

from uuid import UUID

import pytest

from penstock.state.pipelines import (
    ActionStatus,
    ConditionKind,
    ConditionStatus,
    OverrideCondition,
    Run,
    RunStatus,
    RunType,
    StageStatus,
)
from penstock.store import Store
from penstock.store.pipeline_executions import find_execution
from penstock.worker.actions import start_action

from .mill import condition, rule
from .plant import SOURCE, Document, Plant, action, stage, zipped

pytestmark = pytest.mark.anyio

DECLARED = [{"name": "WHO", "defaultValue": "ada"}]
COPY = action("Copy", "S3", inputs=("App",), BucketName="site", Extract="true")
LAST = action("Keep", "S3", inputs=("App",), BucketName="kept", Extract="true")


def is_ada(name: str = "IsAda") -> Document:
    return rule(name, "VariableCheck", Variable="#{variables.WHO}", Value="ad.", Operator="MATCHES")


@pytest.fixture
async def plant(store: Store) -> Plant:
    plant = Plant(store)
    await plant.bucket("source", versioned=True)
    for name in ("artifacts", "site", "kept"):
        await plant.bucket(name)
    await plant.put("source", "app.zip", zipped({"index.html": b"<p>"}))
    return plant


async def create(plant: Plant, **conditions: Document) -> None:
    await plant.create(
        stage("Source", SOURCE), stage("Deploy", COPY, **conditions), stage("Keep", LAST),
        variables=DECLARED,
    )  # fmt: skip


async def played(plant: Plant, **variables: str) -> Run:
    """A run when nothing is left to do; each job is done twice."""
    run = await plant.begin(variables=variables)
    await plant.work(times=2)
    return await look(plant, run)


async def look(plant: Plant, run: UUID) -> Run:
    found = await find_execution(plant.store.database, plant.name, run)
    assert found
    return found.run  # type: ignore[no-any-return]


async def test_an_entry_that_is_refused_fails_the_stage_and_starts_nothing(plant: Plant) -> None:
    """CP-065, CP-066, CP-071"""
    await create(plant, beforeEntry=condition("FAIL", is_ada(), is_ada("Again")))
    run = await played(plant, WHO="bob")
    deploy = run.stages["Deploy"]
    assert (run.status, deploy.status) == (RunStatus.FAILED, StageStatus.FAILED)
    assert deploy.conditions[ConditionKind.BEFORE_ENTRY].status == ConditionStatus.FAILED
    assert deploy.actions == {}
    assert "Copy" not in await plant.actions()
    fine = await played(plant, WHO="ada")
    assert fine.status == RunStatus.SUCCEEDED


async def test_an_entry_that_is_refused_may_be_overridden(plant: Plant) -> None:
    """CP-069"""
    await create(plant, beforeEntry=condition("FAIL", is_ada()))
    run = await played(plant, WHO="bob")
    await plant.happen(OverrideCondition(run.id, "Deploy", ConditionKind.BEFORE_ENTRY))
    await plant.work(times=2)
    found = await look(plant, run.id)
    assert found.status == RunStatus.SUCCEEDED
    entry = found.stages["Deploy"].conditions[ConditionKind.BEFORE_ENTRY]
    assert entry.status == ConditionStatus.OVERRIDDEN


async def test_a_stage_may_be_left_out(plant: Plant) -> None:
    """CP-067: the next one runs"""
    await create(plant, beforeEntry=condition("SKIP", is_ada()))
    run = await played(plant, WHO="bob")
    assert run.status == RunStatus.SUCCEEDED
    statuses = {name: found.status for name, found in run.stages.items()}
    assert statuses == {
        "Source": StageStatus.SUCCEEDED,
        "Deploy": StageStatus.SKIPPED,
        "Keep": StageStatus.SUCCEEDED,
    }
    rows = await plant.actions()
    assert (rows["IsAda"].status, "Copy" in rows) == (ActionStatus.FAILED, False)
    assert await plant.read("kept", "index.html") == b"<p>"


async def test_a_stage_whose_success_is_none_is_rolled_back(plant: Plant) -> None:
    """CP-066, CP-048: with the artifacts and the variables of the run that went well"""
    await create(plant, onSuccess=condition("ROLLBACK", is_ada()))
    good = await played(plant)
    assert good.status == RunStatus.SUCCEEDED
    await plant.put("source", "app.zip", zipped({"index.html": b"<p>new"}))
    bad = await played(plant, WHO="bob")
    assert bad.status == RunStatus.FAILED
    assert bad.stages["Deploy"].conditions[ConditionKind.ON_SUCCESS].status == (
        ConditionStatus.FAILED
    )
    rows = await plant.store.database.fetch(
        "SELECT id FROM pipeline_executions WHERE type = 'ROLLBACK'"
    )
    (back,) = [await look(plant, row.id) for row in rows]
    assert (back.type, back.target, back.status) == (
        RunType.ROLLBACK, good.id, RunStatus.SUCCEEDED,
    )  # fmt: skip
    assert back.artifacts["App"] == good.artifacts["App"]
    assert await plant.read("site", "index.html") == b"<p>"


async def step(plant: Plant) -> None:
    """Does the jobs that there are now, and not those that come of them."""
    for job in await plant.jobs():
        await start_action(plant.store, job.action, plant.tick)
        await plant.store.database.execute(
            "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,)
        )


@pytest.mark.parametrize("mended", [True, False])
async def test_a_stage_that_fails_is_retried_once(plant: Plant, mended: bool) -> None:
    """CP-068: the second failure is final"""
    retry = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
    copy = COPY | {"configuration": {**COPY["configuration"], "BucketName": "later"}}
    await plant.create(
        stage("Source", SOURCE), stage("Deploy", copy, onFailure=retry), variables=DECLARED
    )
    run = await plant.begin()
    await step(plant)
    await step(plant)
    if mended:
        await plant.bucket("later")
    await plant.work(times=2)
    found = await look(plant, run)
    deploy = found.stages["Deploy"]
    assert found.status == (RunStatus.SUCCEEDED if mended else RunStatus.FAILED)
    assert (deploy.automatic, deploy.manual, deploy.trigger) == (1, 0, "AutomatedStageRetry")
    rows = await plant.store.database.fetch(
        "SELECT status FROM action_executions WHERE action = 'Copy' ORDER BY sequence"
    )
    expected = ActionStatus.SUCCEEDED if mended else ActionStatus.FAILED
    assert [row.status for row in rows] == [ActionStatus.FAILED, expected]


async def test_a_stage_that_fails_may_be_rolled_back(plant: Plant) -> None:
    """CP-066: by a condition that is not met"""
    await create(plant, onFailure=condition("ROLLBACK", is_ada()))
    good = await played(plant)
    await plant.put("source", "app.zip", b"no ZIP")
    bad = await played(plant, WHO="bob")
    assert bad.status == RunStatus.FAILED
    rows = await plant.store.database.fetch(
        "SELECT id FROM pipeline_executions WHERE type = 'ROLLBACK'"
    )
    (back,) = [await look(plant, row.id) for row in rows]
    assert (back.target, back.status) == (good.id, RunStatus.SUCCEEDED)


async def test_a_rule_whose_variable_is_missing_is_an_error(plant: Plant) -> None:
    """CP-093, CP-031"""
    missing = rule("Gone", "VariableCheck", Variable="#{Src.Gone}", Value="1", Operator="EQ")
    await create(plant, beforeEntry=condition("FAIL", missing))
    run = await played(plant)
    entry = run.stages["Deploy"].conditions[ConditionKind.BEFORE_ENTRY]
    assert (run.status, entry.status) == (RunStatus.FAILED, ConditionStatus.ERRORED)
