"""Processes of a real installation killed at random while stacks are created, updated and deleted
(see `killing`)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest

from .foundries import Foundry, expected, template
from .killing import BUILDS, LOST, OPTIONS, ROUNDS, SEED, strike

VICTIMS = ("server", "worker", "postgres", "server and postgres")
OF_EACH = max(1, BUILDS // 20)
Until = Callable[..., Any]


class Story(NamedTuple):
    """What is asked of a stack, and what it comes to; `begins` is what it is before."""

    ask: Callable[[Foundry, str], None]
    begins: bool
    status: str
    version: int


STORIES = {
    "create": Story(lambda f, name: f.create(name, template(1)), False, "CREATE_COMPLETE", 1),
    "refuse": Story(
        lambda f, name: f.create(name, template(1, failing=True)), False, "ROLLBACK_COMPLETE", 0
    ),
    "update": Story(lambda f, name: f.update(name, template(2)), True, "UPDATE_COMPLETE", 2),
    "restore": Story(
        lambda f, name: f.update(name, template(2, failing=True)),
        True,
        "UPDATE_ROLLBACK_COMPLETE",
        1,
    ),
    "delete": Story(Foundry.delete, True, "DELETE_COMPLETE", 0),
}


@pytest.mark.parametrize("round", range(ROUNDS))
def test_whoever_is_killed_each_stack_is_what_its_status_says(
    install: Callable[..., Any], until: Until, round: int
) -> None:
    """TG-105, TG-106"""
    chance = random.Random(SEED + round)
    print(f"PENSTOCK_SOAK_SEED={SEED + round}")
    installation = install(*OPTIONS).start()
    foundry = Foundry(installation)
    stacks = {f"{kind}{n}": story for kind, story in STORIES.items() for n in range(OF_EACH)}
    begun = [name for name, story in stacks.items() if story.begins]
    for name in begun:
        foundry.create(name, template(1))
    until(lambda: all_ended(foundry), LOST + 4 * len(begun))
    assert {foundry.statuses()[name] for name in begun} == {"CREATE_COMPLETE"}
    for name in chance.sample(list(stacks), len(stacks)):
        stacks[name].ask(foundry, name)
        if chance.random() < len(VICTIMS) / len(STORIES):
            time.sleep(chance.uniform(0.1, 1.5))  # the instant is what is tried
            strike(installation, chance.choice(VICTIMS), chance)
    until(lambda: all_ended(foundry), 3 * LOST + 5 * len(stacks))
    until(lambda: not jobs_left(installation.database))
    check(foundry, stacks)
    check_rows(installation.database)


def all_ended(foundry: Foundry) -> bool:
    return not any(status.endswith("_IN_PROGRESS") for status in foundry.statuses().values())


def check(foundry: Foundry, stacks: dict[str, Story]) -> None:
    statuses, world = foundry.statuses(), foundry.world()
    for name, story in stacks.items():
        reasons = foundry.reasons(name) if story.status != "DELETE_COMPLETE" else []
        assert statuses[name] == story.status, reasons
        assert world.get(name, set()) == expected(story.version), (name, reasons)
    print(Counter(statuses.values()))


def jobs_left(database: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT task_name, status FROM procrastinate_jobs WHERE queue_name = 'stacks'"
        ).fetchall()


def check_rows(database: str) -> None:
    """Nothing is under way, or left to be cleaned up, and each end was told once."""
    with psycopg.connect(database) as connection:
        tasks = connection.execute("SELECT * FROM stack_tasks").fetchall()
        left = connection.execute(
            "SELECT place, key FROM stack_resources WHERE place <> 'RESOURCE'"
        ).fetchall()
        told = connection.execute(
            "SELECT stack, logical_id, physical_id, status FROM stack_events"
            " WHERE status LIKE 'CREATE_COMPLETE' OR status LIKE 'DELETE_COMPLETE'"
        ).fetchall()
    assert tasks == []
    assert left == []
    assert set(Counter(told).values()) == {1}
