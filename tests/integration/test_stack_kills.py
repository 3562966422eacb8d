"""Stacks whose processes are killed at every commit of a create, an update and a delete, with a
resource that fails in the middle: what comes of it is what comes of it without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import WantedOutput
from penstock.store import Store
from penstock.worker.stacks import perform_resource

from .dooming import AFTER, BEFORE, Doomed, play
from .dooming import doomed as doomed
from .foundry import Foundry, bucket, group, parameter, plan, ref

pytestmark = pytest.mark.anyio

Step = Callable[[], Awaitable[object]]
BAD = "NO_BUCKET_IS_CALLED_SO"


class Story:
    """A stack with names of its own: `looking` looks, `acting` acts and is killed."""

    def __init__(self, store: Store, doomed: Store, number: str) -> None:
        self.prefix = f"s{number}-"
        self.looking = Foundry(store, f"app-{number}")
        self.acting = Foundry(doomed, f"app-{number}")
        self.acting.name = self.looking.name

    def first(self, *, failing: bool = False) -> Plan:
        """C fails where it is to; D needs it."""
        p = self.prefix
        resources = {
            "A": parameter(f"{p}a", "1"),
            "B": group(f"{p}b", 1, "A"),
            "C": bucket(BAD if failing else f"{p}cc", "A"),
            "D": parameter(f"{p}d", ref("C"), "C"),
        }
        return plan(resources, {"O": WantedOutput(ref("C"), "", f"{p}o")})

    def second(self) -> Plan:
        """A is replaced and B changed, C is new, and fails."""
        p = self.prefix
        resources = {
            "A": parameter(f"{p}a2", "1"),
            "B": group(f"{p}b", 3, "A"),
            "N": parameter(f"{p}n", ref("A"), "A"),
            "X": bucket(BAD, "B"),
        }
        return plan(resources)

    async def play(self, steps: Sequence[Step], at: int, when: str) -> None:
        await play(self.acting.store, steps, at, when)

    def create(self, *, failing: bool = False) -> Step:
        return lambda: self.acting.create(self.first(failing=failing), token="create")

    async def update(self) -> None:
        await self.acting.update(self.second(), token="update")

    async def delete(self) -> None:
        await self.acting.delete()

    async def obstruct(self) -> None:
        """Nobody deletes a bucket with something in it."""
        await self.looking.ask("s3", "PutObject", Bucket=f"{self.prefix}cc", Key="k", Body=b"")

    async def works(self) -> None:
        """Does the jobs there are; a job that was not done to its end is still there."""
        while jobs := await self.looking.jobs():
            for job in jobs:
                await perform_resource(self.acting.clouds, job.task, self.acting.tick)
                await self.looking.forget(job.id)


def created(story: Story) -> Sequence[Step]:
    return story.create(failing=True), story.works


def updated(story: Story) -> Sequence[Step]:
    return story.create(), story.works, story.update, story.works


def deleted(story: Story) -> Sequence[Step]:
    return story.create(), story.works, story.obstruct, story.delete, story.works


STORIES = [
    pytest.param(created, "ROLLBACK_COMPLETE", {}, id="create"),
    pytest.param(
        updated,
        "UPDATE_ROLLBACK_COMPLETE",
        {"a": "1", "b": 1, "cc": "bucket", "d": "cc"},
        id="update",
    ),
    pytest.param(deleted, "DELETE_FAILED", {"a": "1", "cc": "bucket"}, id="delete"),
]


async def outcome_of(story: Story) -> tuple[str, dict[str, Any], Counter[tuple[str, str]]]:
    """The status, what there is, and what was told."""
    prefix, looking = story.prefix, story.looking
    there = {
        name.removeprefix(prefix): str(value).removeprefix(prefix)
        if isinstance(value, str)
        else value
        for name, value in (await looking.world(prefix)).items()
    }
    told = Counter(
        (name.replace(looking.name.name, "app"), status)
        for name, status, _ in await looking.events()
    )
    return await looking.status(), there, told


@pytest.mark.parametrize(("steps_of", "status", "there"), STORIES)
async def test_it_may_be_killed_at_every_commit(
    store: Store,
    doomed: Store,
    steps_of: Callable[[Story], Sequence[Step]],
    status: str,
    there: dict[str, Any],
) -> None:
    """TG-105"""
    database = doomed.database
    assert isinstance(database, Doomed)

    async def play(at: int, when: str) -> Counter[tuple[str, str]]:
        story = Story(store, doomed, f"{at}-{when}")
        try:
            await story.play(steps_of(story), at, when)
            found = await outcome_of(story)
            assert found[:2] == (status, there)
            assert await store.database.fetch("SELECT * FROM stack_tasks") == []
            assert await story.looking.jobs() == []
            return found[2]
        except Exception as error:
            error.add_note(f"killed {when} commit {at}")
            raise

    told = await play(0, BEFORE)
    last = database.passed
    assert last > 10
    for when in (BEFORE, AFTER):
        for at in range(1, last + 1):
            assert await play(at, when) == told, f"killed {when} commit {at}"
            assert database.passed >= at


async def test_what_was_refused_is_refused_again(store: Store, doomed: Store) -> None:
    """The kill before a refusal leaves nothing that changes it."""
    story = Story(store, doomed, "twice")
    await story.play((story.create(), story.works), 1, BEFORE)
    with pytest.raises(AwsError, match="AlreadyExistsException"):
        await Foundry(store, story.looking.name.name).create(story.first(), token="other")
