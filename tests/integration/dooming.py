"""Processes that are killed at an exact place, and what plays a pipeline with them.

Killed is what a test can do to one process at an exact place: the statement or the transaction is
undone, or committed, and whoever asked for it does not live to hear of it. What comes after a kill
is what comes after any: clients ask again, and lost workers' jobs are done by others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from uuid import UUID

import pytest

from penstock.state.pipelines import Failed, Run, Succeeded
from penstock.store import Store
from penstock.store.database import Connection, Database, Parameters
from penstock.store.pipeline_executions import find_execution
from penstock.worker.actions import start_action

from .plant import Plant

BEFORE, AFTER = "before", "after"


class Killed(BaseException):
    """Nothing in a process survives this, and nothing in it can catch it."""


class Doomed(Database):
    """Kills at the commit of this number, before it or after it. 0 kills never."""

    at, when, passed = 0, BEFORE, 0

    def doom(self, at: int, when: str) -> None:
        self.at, self.when, self.passed = at, when, 0

    def _point(self, when: str) -> None:
        if when == BEFORE:
            self.passed += 1
        if (self.passed, when) == (self.at, self.when):
            raise Killed

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with super().transaction() as connection:
            yield connection
            self._point(BEFORE)
        self._point(AFTER)

    async def _fetch(self, sql: LiteralString, parameters: Parameters, commits: bool) -> list[Any]:
        if not commits:
            return await super()._fetch(sql, parameters, commits)
        self._point(BEFORE)
        rows = await super()._fetch(sql, parameters, commits)
        self._point(AFTER)
        return rows

    async def execute(self, sql: LiteralString, parameters: Parameters = ()) -> int:
        self._point(BEFORE)
        count = await super().execute(sql, parameters)
        self._point(AFTER)
        return count


async def play(
    acting: Store, steps: Sequence[Callable[[], Awaitable[object]]], kill_at: int, when: str
) -> None:
    """Takes steps, of which one is killed and taken again."""
    assert isinstance(acting.database, Doomed)
    acting.database.doom(kill_at, when)
    for step in steps:
        while True:
            try:
                await step()
                break
            except Killed:
                pass


class Player:
    """Plays steps: `plant` looks, `acting` acts and is killed.

    Each step may be asked for again, as clients do that have no answer.
    """

    def __init__(self, plant: Plant, doomed: Store) -> None:
        self.plant = plant
        self.acting = Plant(doomed)
        self.acting.name = plant.name
        self.ended: Counter[UUID] = Counter()

    async def play(
        self, steps: Sequence[Callable[[], Awaitable[None]]], kill_at: int, when: str
    ) -> None:
        await play(self.acting.store, steps, kill_at, when)

    async def run(self, token: str) -> UUID:
        return await self.acting.begin(token=token)

    async def look(self, token: str) -> Run:
        name = self.plant.name
        found = await find_execution(self.plant.store.database, name, await self.run(token))
        assert found
        run: Run = found.run
        return run

    async def row(self, name: str, run: UUID) -> Any:
        rows = await self.plant.store.database.fetch(
            "SELECT * FROM action_executions WHERE execution = %s AND action = %s"
            " ORDER BY sequence DESC LIMIT 1",
            (run, name),
        )
        return rows[0]

    async def works(self) -> None:
        """Does the jobs there are; a job that was not done to its end is still there."""
        while jobs := await self.plant.jobs():
            for job in jobs:
                await start_action(self.acting.store, job.action, self.acting.tick)
                await self.plant.store.database.execute(
                    "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,)
                )

    async def finish(self, action: UUID, outcome: Succeeded | Failed) -> None:
        self.ended[action] += await self.acting.finish(action, outcome)


@pytest.fixture
async def doomed(store: Store, database_url: str) -> AsyncIterator[Store]:
    database = Doomed(database_url, connections=3)
    yield store._replace(database=database)
    await database.close()
