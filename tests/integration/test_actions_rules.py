"""Rules of conditions: what they check, and that nobody sleeps while they wait (CP-071…074)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.actions.variable_check import SECONDS
from penstock.flow.overdue import sweep
from penstock.state.pipelines import ActionStatus, ConditionKind, ConditionStatus, Run, RunStatus
from penstock.store import Store
from penstock.store.facts import TIME_SCALE, tell
from penstock.worker.actions import start_action

from .mill import Mill, condition, rule
from .plant import APPROVE, SOURCE, Document, Plant, stage, zipped
from .yard import Yard, spec

pytestmark = pytest.mark.anyio

ENTRY = ConditionKind.BEFORE_ENTRY


async def checked(plant: Plant, *rules: Document, **members: Any) -> Run:
    """A run whose stage Guarded has an entry condition of these rules, which are being started."""
    await plant.bucket("source", versioned=True)
    await plant.bucket("artifacts")
    await plant.put("source", "app.zip", zipped({"a": b"1"}), **members)
    guarded = stage("Guarded", APPROVE, beforeEntry=condition("FAIL", *rules))
    await plant.create(stage("Source", SOURCE), guarded)
    run = await plant.begin()
    (fetch,) = await plant.jobs()
    await start_action(plant.store, fetch.action)
    await plant.store.database.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (fetch.id,))
    return await plant.run(run)


async def settled(plant: Plant, *rules: Document) -> tuple[ConditionStatus, dict[str, Any]]:
    """The status of the condition once all its rules have been checked, and their rows."""
    run = await checked(plant, *rules)
    await plant.work(times=2)
    found = (await plant.run(run.id)).stages["Guarded"].conditions[ENTRY]
    return found.status, await plant.actions()


@pytest.fixture
def plant(store: Store) -> Plant:
    plant = Plant(store)
    plant.now = datetime.now(UTC)
    return plant


def check(operator: str, value: str, variable: str = "#{Src.VersionId}-release/1.2") -> Document:
    return rule(
        f"Check{operator}", "VariableCheck", Variable=variable, Value=value, Operator=operator
    )


async def test_variables_are_compared_by_four_operators(plant: Plant) -> None:
    """CP-071"""
    status, _ = await settled(
        plant,
        check("EQ", "#{Src.VersionId}-release/1.2"),
        check("NE", "release/1.2"),
        check("CONTAINS", "-release/"),
        check("MATCHES", r".+-release/\d+(\.\d+)*"),
    )
    assert status == ConditionStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        (check("EQ", "main", "side"), "The variable's value 'side' is not equal to 'main'"),
        (check("NE", "side", "side"), "The variable's value 'side' is not other than 'side'"),
        (
            check("CONTAINS", "main", "side"),
            "The variable's value 'side' is not one that contains 'main'",
        ),
        (
            check("MATCHES", "sid", "side"),
            "The variable's value 'side' is not one that matches 'sid'",
        ),
    ],
)
async def test_a_variable_that_is_otherwise_fails_the_rule(
    plant: Plant, failing: Document, words: str
) -> None:
    """CP-071, CP-065"""
    status, rows = await settled(plant, failing, check("EQ", "a", "a") | {"name": "Fine"})
    assert status == ConditionStatus.FAILED
    assert rows[failing["name"]].error == {"code": "JobFailed", "message": words}
    assert rows["Fine"].status == ActionStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        (check("LIKE", "a", "a"), "Operator 'LIKE' is none of EQ, NE, CONTAINS, MATCHES"),
        (check("MATCHES", "(a", "a"), "the regular expression: missing ), unterminated subpattern"),
        (check("MATCHES", r"\p{L}", "a"), "this property of characters is not known"),
        (check("MATCHES", "(a*)*b", "a" * 40), f"takes more than {SECONDS} seconds"),
    ],
)
async def test_what_cannot_be_compared_is_an_error(
    plant: Plant, failing: Document, words: str
) -> None:
    """CP-071: expressions that take for ever are given up."""
    status, rows = await settled(plant, failing)
    error = rows[failing["name"]].error
    assert status == ConditionStatus.ERRORED
    assert (error["code"], words in error["message"]) == ("ConfigurationError", True), error


async def test_the_server_answers_while_an_expression_takes_for_ever(plant: Plant) -> None:
    run = await checked(plant, check("MATCHES", "(a*)*b", "a" * 40))
    task = asyncio.create_task(plant.work())
    while not task.done():
        async with asyncio.timeout(2):
            assert (await plant.run(run.id)).status == RunStatus.IN_PROGRESS or task.done()
        await asyncio.wait([task], timeout=0.2)
    await task


# Deployment windows


def window(cron: str, **members: Any) -> Document:
    return {**rule("Window", "DeploymentWindow", Cron=cron), **members}


async def later(plant: Plant) -> list[Any]:
    return await plant.store.database.fetch(
        "SELECT scheduled_at, args ->> 'id' AS id FROM procrastinate_jobs"
        " WHERE queue_name = 'actions' AND status = 'todo' AND scheduled_at IS NOT NULL"
    )


async def test_a_rule_holds_within_its_window(plant: Plant) -> None:
    """CP-072"""
    status, _ = await settled(plant, window("* * * ? * *"))
    assert status == ConditionStatus.SUCCEEDED


async def test_outside_of_it_a_job_is_due_when_it_opens(plant: Plant) -> None:
    """CP-072"""
    opens = (datetime.now(UTC) + timedelta(minutes=20)).replace(second=0, microsecond=0)
    cron = f"* {opens.minute} {opens.hour} {opens.day} {opens.month} ? *"
    run = await checked(plant, window(cron))
    (job,) = await plant.jobs()
    for _ in range(3):
        await start_action(plant.store, job.action)
    (due,) = await later(plant)
    assert (due.scheduled_at, due.id) == (opens, str(job.action))
    row = (await plant.actions())["Window"]
    said = f"The deployment window {cron} opens at {opens:%Y-%m-%d %H:%M} UTC"
    assert (row.status, row.summary) == (ActionStatus.IN_PROGRESS, said)
    assert (await plant.run(run.id)).status == RunStatus.IN_PROGRESS
    assert await sweep(plant.store, opens) == 0


async def test_waiting_for_a_window_is_made_shorter_by_a_time_scale(plant: Plant) -> None:
    """CP-072: the rule believes that a minute passes each second"""
    async with plant.store.database.transaction() as connection:
        await tell(connection, TIME_SCALE, 60)
    opens = (datetime.now(UTC) + timedelta(minutes=60)).replace(second=0, microsecond=0)
    cron = f"* {opens.minute} {opens.hour} {opens.day} {opens.month} ? *"
    await checked(plant, window(cron))
    (job,) = await plant.jobs()
    await start_action(plant.store, job.action)
    (due,) = await later(plant)
    row = (await plant.actions())["Window"]
    assert due.scheduled_at == row.started + (opens - row.started) / 60
    assert row.deadline == row.started + timedelta(minutes=86_400 / 60)


@pytest.mark.parametrize(
    ("failing", "status", "words"),
    [
        (window("* * * ? * * 2020"), ConditionStatus.FAILED, "does not open any more"),
        (
            window("* 0 0 1 1 ? 2199", timeoutInMinutes=5),
            ConditionStatus.FAILED,
            "opens at 2199-01-01 00:00 UTC, after the rule's time is over",
        ),
        (window("0 * * ? * *"), ConditionStatus.ERRORED, "seconds can only be *"),
    ],
)
async def test_a_window_that_will_not_open_is_not_waited_for(
    plant: Plant, failing: Document, status: ConditionStatus, words: str
) -> None:
    """CP-072"""
    found, rows = await settled(plant, failing)
    assert found == status
    assert words in rows["Window"].error["message"]


# Commands and builds


@pytest.fixture
async def mill(yard: Yard) -> Mill:
    mill = Mill(yard)
    await mill.stock()
    return mill


def commands(*listed: str, **members: Any) -> Document:
    return {**rule("Run", "Commands"), "commands": list(listed), **members}


async def guarded(mill: Mill, *rules: Document) -> tuple[Run, Any]:
    """A run past its entry condition of these rules, or at its end, and the rows."""
    entry = condition("FAIL", *rules)
    async with mill.running(stage("Guarded", APPROVE, beforeEntry=entry)) as run:
        found = await mill.until(
            run,
            lambda found: (
                "Guarded" in found.stages
                and found.stages["Guarded"].conditions[ENTRY].status != ConditionStatus.IN_PROGRESS
            ),
        )
    return found, await mill.actions()


async def test_commands_are_a_rule_with_inputs_or_without(mill: Mill) -> None:
    """CP-074"""
    found, rows = await guarded(
        mill,
        commands("grep hello readme.txt", inputArtifacts=[{"name": "App"}]),
        commands("true", name="Bare"),
    )
    assert found.stages["Guarded"].conditions[ENTRY].status == ConditionStatus.SUCCEEDED
    assert rows["Run"].log_stream_arn.startswith(
        "arn:aws:logs:us-east-1:000000000000:log-group:/aws/"
    )


async def test_commands_that_fail_fail_the_condition(mill: Mill) -> None:
    """CP-074"""
    found, rows = await guarded(mill, commands("exit 4"))
    assert found.stages["Guarded"].conditions[ENTRY].status == ConditionStatus.FAILED
    assert found.status == RunStatus.FAILED
    assert "exit status 4" in rows["Run"].error["message"]


async def test_a_build_is_a_rule_with_inputs_or_without(mill: Mill) -> None:
    """CP-074"""
    await mill.project("web", spec("grep hello readme.txt"))
    await mill.project("bare", spec('test "$A" = 1'))
    given = '[{"name": "A", "value": "1"}]'
    found, rows = await guarded(
        mill,
        {**rule("Web", "CodeBuild", ProjectName="web"), "inputArtifacts": [{"name": "App"}]},
        rule("Bare", "CodeBuild", ProjectName="bare", EnvironmentVariables=given),
    )
    entry = found.stages["Guarded"].conditions[ENTRY]
    assert entry.status == ConditionStatus.SUCCEEDED, [row.error for row in rows.values()]


async def test_a_project_that_is_missing_is_an_error_of_the_rule(mill: Mill) -> None:
    """CP-074, CP-031"""
    found, rows = await guarded(mill, rule("Web", "CodeBuild", ProjectName="gone"))
    assert found.stages["Guarded"].conditions[ENTRY].status == ConditionStatus.ERRORED
    assert "Project cannot be found" in rows["Web"].error["message"]
