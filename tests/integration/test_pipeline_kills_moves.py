"""As test_pipeline_kills, of what else may happen to a run: killed at each commit of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import uuid5

import pytest

from penstock.documents.pipelines.reader import pipeline_of
from penstock.flow.overdue_actions import sweep_actions
from penstock.flow.pipelines import redefine
from penstock.state.pipelines import (
    Cause,
    ConditionKind,
    ConditionStatus,
    Gate,
    OverrideCondition,
    RollBack,
    RunStatus,
    SetGate,
    Stop,
    Stopping,
    Succeeded,
)
from penstock.store import Store
from penstock.store.pipelines import update_pipeline

from .dooming import AFTER, BEFORE, Doomed, Player
from .dooming import doomed as doomed
from .mill import condition, rule
from .plant import APPROVE, MANUAL, SOURCE, Plant, action, declaration, stage, zipped

pytestmark = pytest.mark.anyio

NEVER = rule("Never", "VariableCheck", Variable="#{Src.VersionId}", Operator="EQ", Value="never")
COPY = action("Copy", "S3", inputs=("App",), BucketName="site", Extract="true")
PLAIN = (stage("Source", SOURCE), stage("Check", APPROVE), stage("Deploy", COPY))
GUARDED = (
    stage("Source", SOURCE),
    stage("Check", APPROVE, beforeEntry=condition("FAIL", NEVER)),
    stage("Deploy", COPY),
)
Step = Callable[[], Awaitable[None]]


class Moves(Player):
    """Steps by name of a run: `begin("one")` is a step."""

    def begin(self, token: str) -> Step:
        async def step() -> None:
            await self.run(token)

        return step

    def approve(self, token: str) -> Step:
        async def step() -> None:
            await self.finish((await self.row("Ask", await self.run(token))).id, Succeeded())

        return step

    def override(self, token: str) -> Step:
        """Lets a run into the stage whose condition is not met."""

        async def step() -> None:
            run = await self.look(token)
            entry = run.stages["Check"].conditions[ConditionKind.BEFORE_ENTRY]
            if entry.status == ConditionStatus.FAILED:
                kind = ConditionKind.BEFORE_ENTRY
                await self.acting.happen(OverrideCondition(run.id, "Check", kind))

        return step

    def gate(self, *, enabled: bool) -> Step:
        async def step() -> None:
            changed = self.acting.now.timestamp()
            await self.acting.happen(SetGate("Deploy", Gate(enabled, "", "", changed)))

        return step

    def stop(self, token: str) -> Step:
        async def step() -> None:
            run = await self.look(token)
            if run.status == RunStatus.IN_PROGRESS:
                await self.acting.happen(Stop(run.id, Stopping.WAIT))

        return step

    async def expire(self) -> None:
        """Approvals wait for seven days."""
        later = self.acting.now + timedelta(days=8)
        await sweep_actions(self.acting.store, later, timedelta(days=1))

    async def roll_back(self) -> None:
        target = await self.look("one")
        again = uuid5(target.id, "back")
        cause = Cause("ManualRollback", MANUAL.detail)
        await self.acting.happen(RollBack(again, "Deploy", target, cause))

    async def redefine(self) -> None:
        name, store = self.plant.name, self.acting.store
        if (await self.plant.state()).version > 1:
            return
        document = declaration(name.name, *PLAIN, version=2)
        async with store.database.transaction() as connection:
            version = await update_pipeline(
                connection, store.sealer, name, document, now=self.acting.tick()
            )
            assert version == 2
            defined = pipeline_of(document)
            await redefine(connection, name, version, defined, self.acting.tick())


def overridden(moves: Moves) -> Sequence[Step]:
    """Refused entry, let in all the same; rolled back to later."""
    return (
        moves.begin("one"), moves.works, moves.override("one"), moves.approve("one"), moves.works,
        moves.roll_back, moves.works,
    )  # fmt: skip


def held(moves: Moves) -> Sequence[Step]:
    """Two at a closed gate, of which the newer goes on when it is opened."""
    return (
        moves.gate(enabled=False),
        moves.begin("one"), moves.works, moves.approve("one"),
        moves.begin("two"), moves.works, moves.approve("two"),
        moves.gate(enabled=True), moves.works,
    )  # fmt: skip


def ended(moves: Moves) -> Sequence[Step]:
    """One by its approval's time, one by whoever stops it, one by a new definition."""
    return (
        moves.begin("one"), moves.works, moves.expire,
        moves.begin("two"), moves.works, moves.stop("two"), moves.approve("two"),
        moves.begin("three"), moves.works, moves.redefine, moves.approve("three"),
    )  # fmt: skip


STORIES = [
    pytest.param(overridden, GUARDED, ["Succeeded", "Succeeded"], id="overridden"),
    pytest.param(held, PLAIN, ["Superseded", "Succeeded"], id="held"),
    pytest.param(ended, PLAIN, ["Failed", "Stopped", "Cancelled"], id="ended"),
]


async def check(plant: Plant, expected: list[str]) -> None:
    """Every run has ended as it should, each action once; no stage is locked or waited for."""
    database, name = plant.store.database, plant.name.name
    runs = await database.fetch(
        "SELECT e.status FROM pipeline_executions e JOIN pipelines p ON p.id = e.pipeline"
        " WHERE p.name = %s ORDER BY e.number",
        (name,),
    )
    assert [row.status for row in runs] == expected
    rows = await database.fetch(
        "SELECT a.* FROM action_executions a JOIN pipelines p ON p.id = a.pipeline"
        " WHERE p.name = %s AND a.kind = 'ACTION'",
        (name,),
    )
    places = Counter((row.execution, row.stage, row.action, row.attempt) for row in rows)
    assert set(places.values()) == {1}
    events = await database.fetch(
        "SELECT detail ->> 'action-execution-id' AS id, detail ->> 'state' AS state FROM events"
        " WHERE detail ->> 'pipeline' = %s AND detail ? 'action'",
        (name,),
    )
    assert Counter(map(tuple, events)) == Counter(
        pair
        for row in rows
        for pair in ((str(row.id), "STARTED"), (str(row.id), row.status.upper()))
    )
    state = await plant.state()
    assert all(place.holder is None and not place.waiting for place in state.stages.values())
    assert await plant.jobs() == []


@pytest.mark.parametrize(("steps_of", "stages", "expected"), STORIES)
async def test_it_may_be_killed_at_every_commit(
    store: Store,
    doomed: Store,
    steps_of: Callable[[Moves], Sequence[Step]],
    stages: tuple[dict[str, object], ...],
    expected: list[str],
) -> None:
    source = Plant(store)
    await source.bucket("source", versioned=True)
    for bucket in ("artifacts", "site"):
        await source.bucket(bucket)
    await source.put("source", "app.zip", zipped({"index.html": b"<p>"}))
    database = doomed.database
    assert isinstance(database, Doomed)

    async def play(at: int, when: str) -> None:
        plant = Plant(store)
        await plant.create(*stages, name=f"app-{at}-{when}")
        moves = Moves(plant, doomed)
        try:
            await moves.play(steps_of(moves), at, when)
            await check(plant, expected)
        except Exception as error:
            error.add_note(f"killed {when} commit {at}")
            raise

    await play(0, BEFORE)
    last = database.passed
    assert last >= len(steps_of(Moves(source, doomed)))
    for when in (BEFORE, AFTER):
        for at in range(1, last + 1):
            await play(at, when)
            assert database.passed >= at
