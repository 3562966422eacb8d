"""Processes of a real installation killed at random while pipelines run (see `killing`)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from .killing import BUILDS, LOST, OPTIONS, ROUNDS, SEED, left_of, strike, strikes
from .releases import PAGE, Answering, Releases

FREE, QUEUE = "free", "queue"
"""A pipeline whose executions know nothing of each other, and one with stages that are locked."""
EXECUTIONS = max(3, min(45, BUILDS // 4))
"""That are started of each, besides the one that making a pipeline starts."""
Until = Callable[..., Any]


@pytest.mark.parametrize("round", range(ROUNDS))
def test_whoever_is_killed_each_execution_ends_once_and_nothing_is_left(
    install: Callable[..., Any], until: Until, round: int
) -> None:
    """CP-030, CP-032, CP-045: failed builds are retried as stages."""
    chance = random.Random(SEED + round)
    print(f"PENSTOCK_SOAK_SEED={SEED + round}")
    installation = install(*OPTIONS).start()
    releases = Releases(installation)
    releases.prepare()
    releases.create(FREE, "PARALLEL")
    releases.create(QUEUE, "QUEUED")
    with Answering(installation, (FREE, QUEUE)):
        for _ in range(EXECUTIONS):
            for name in (FREE, QUEUE):
                releases.start(name, uuid4().hex)
        for victim in strikes(chance):
            time.sleep(chance.uniform(0.3, 3))  # the instant is what is tried
            strike(installation, victim, chance)
        until(lambda: all_ended(releases), 2 * LOST + 10 * EXECUTIONS)
    check(releases, installation.database)
    until(lambda: not left_of(builds(releases)))


def all_ended(releases: Releases) -> bool:
    """Of those in parallel each that fails is retried, until it succeeds."""
    for run in releases.executions(FREE):
        if run["status"] == "Failed":
            stage = failed_stage(releases, run["pipelineExecutionId"])
            releases.retry(FREE, run["pipelineExecutionId"], stage)
    ended = {"Succeeded", "Failed"}
    return all(
        run["status"] == "Succeeded" if name == FREE else run["status"] in ended
        for name in (FREE, QUEUE)
        for run in releases.executions(name)
    )


def failed_stage(releases: Releases, run: str) -> str:
    """The latest stage of the execution that anything has failed in."""
    return next(
        str(one["stageName"])
        for one in releases.actions(FREE)
        if one["pipelineExecutionId"] == run and one["status"] == "Failed"
    )


def builds(releases: Releases) -> list[dict[str, Any]]:
    pages = releases.codebuild.get_paginator("list_builds_for_project").paginate(projectName="web")
    ids = [build for page in pages for build in page["ids"]]
    return [
        build
        for begin in range(0, len(ids), 100)
        for build in releases.codebuild.batch_get_builds(ids=ids[begin : begin + 100])["builds"]
    ]


def check(releases: Releases, database: str) -> None:
    for name in (FREE, QUEUE):
        runs = releases.executions(name)
        assert len(runs) == EXECUTIONS + 1
        for run in runs:
            check_release(releases, run)
        check_actions(releases.actions(name))
    found = builds(releases)
    assert all(build["buildComplete"] for build in found)
    check_builds(releases, found)
    check_rows(database)
    print(Counter(build["buildStatus"] for build in found))


def check_release(releases: Releases, run: dict[str, Any]) -> None:
    """What was released is whole, and of this very execution."""
    if run["status"] == "Succeeded":
        name = run["pipelineExecutionId"]
        assert releases.deployed(name, "index.html") == PAGE
        assert releases.deployed(name, "run").decode().strip() == name


def check_actions(actions: list[dict[str, Any]]) -> None:
    """None goes on, none has succeeded twice, and only builds may have failed."""
    assert {one["status"] for one in actions} <= {"Succeeded", "Failed"}
    good = Counter(
        (one["pipelineExecutionId"], one["actionName"])
        for one in actions
        if one["status"] == "Succeeded"
    )
    assert set(good.values()) == {1}
    bad = [one for one in actions if one["status"] == "Failed"]
    assert {one["actionName"] for one in bad} <= {"Make"}, bad


def check_builds(releases: Releases, found: list[dict[str, Any]]) -> None:
    """One build of each attempt at the action."""
    attempts = [
        one["output"]["executionResult"]["externalExecutionId"]
        for name in (FREE, QUEUE)
        for one in releases.actions(name)
        if one["actionName"] == "Make"
    ]
    assert Counter(attempts) == Counter(build["id"] for build in found)


def check_rows(database: str) -> None:
    """Each action's start and end was told once, no stage is locked, and no job is left."""
    with psycopg.connect(database) as connection:
        told = connection.execute(
            "SELECT detail ->> 'action-execution-id' AS id, detail ->> 'state' AS state"
            " FROM events WHERE source = 'aws.codepipeline' AND detail ? 'action'"
        ).fetchall()
        actions = connection.execute("SELECT id::text, status FROM action_executions").fetchall()
        stages = connection.execute(
            "SELECT s.value AS stage FROM pipelines, jsonb_each(stages) s"
        ).fetchall()
        jobs = connection.execute(
            "SELECT task_name, status FROM procrastinate_jobs WHERE queue_name = 'actions'"
        ).fetchall()
    assert Counter(told) == Counter(
        pair for id, status in actions for pair in ((id, "STARTED"), (id, status.upper()))
    )
    held = [stage for (stage,) in stages if stage.get("holder") or stage.get("waiting")]
    assert held == []
    assert jobs == []
