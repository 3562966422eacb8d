"""Batches of builds, as the API answers them while their builds come to their ends."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from penstock.documents.buildspec_reader import read_buildspec
from penstock.errors import AwsError
from penstock.flow.batch_members import ADVANCE
from penstock.flow.build_batches import FULL, advance, advance_all, reads_batch, record_plan
from penstock.flow.builds import Begun, Lost, begin, finish
from penstock.services.codebuild import CodeBuild
from penstock.services.codebuild.batch_rules import check_member, read_batch_name
from penstock.state.builds import Status
from penstock.state.calls import Call, Principal
from penstock.state.recorded_builds import Claim, Ending
from penstock.store import Store
from penstock.store.facts import tell
from penstock.store.opening import Location, open_store
from penstock.store.sealing import add_key
from penstock.worker import work
from penstock.worker.settings import RunnerSettings

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/build"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COMMIT = "1" * 40
OK, BAD = Status.SUCCEEDED, Status.FAILED
PROJECT: dict[str, Any] = {
    "name": "web",
    "source": {"type": "GITHUB", "location": "https://github.com/ada/hello.git"},
    "sourceVersion": "main",
    "artifacts": {"type": "S3", "location": "bucket", "path": "out"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "STAGE", "value": "test"}],
    },
    "serviceRole": ROLE,
    "autoRetryLimit": 2,
    "buildBatchConfig": {"serviceRole": ROLE},
}


def batchspec(*tasks: Mapping[str, Any], fast_fail: bool = False) -> bytes:
    """A buildspec (as JSON, which YAML is) with a graph of tasks."""
    batch = {"fast-fail": fast_fail, "build-graph": tasks}
    return json.dumps({"version": 0.2, "batch": batch, "phases": {}}).encode()


def task(identifier: str, *depend_on: str, **more: Any) -> dict[str, Any]:
    keys = {key.replace("_", "-"): value for key, value in more.items()}
    return {"identifier": identifier, "depend-on": list(depend_on), **keys}


def session_of(role: str, name: str) -> Principal:
    return Principal(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", "AROA")


class Machine:
    """Stands where the workers are: begins and ends builds, and does the jobs that are due."""

    def __init__(self, store: Store, codebuild: CodeBuild, call: Call) -> None:
        self.store, self.codebuild, self.call = store, codebuild, call
        self.now = NOON

    async def batch(self, batch_id: str) -> dict[str, Any]:
        answer = await self.codebuild.batch_get_build_batches(self.call, {"ids": [batch_id]})
        found: dict[str, Any] = answer["buildBatches"][0]
        return found

    async def start(self, **request: Any) -> str:
        answer = await self.codebuild.start_build_batch(
            self.call, {"projectName": "web", **request}
        )
        batch_id: str = answer["buildBatch"]["id"]
        return batch_id

    async def builds(self, batch_id: str) -> dict[str, UUID]:
        """The builds of a batch that have not ended, by identifier."""
        groups = (await self.batch(batch_id))["buildGroups"]
        return {
            group["identifier"]: UUID(group["currentBuildSummary"]["arn"][-36:])
            for group in groups
            if group.get("currentBuildSummary", {}).get("buildStatus") == Status.IN_PROGRESS
        }

    async def begin(self, build: UUID) -> Begun:
        begun = await begin(self.store, Claim(build, uuid4()), uuid4(), session_of, self.now)
        assert begun is not None
        return begun

    async def end(self, build: UUID, status: Status, **changes: Any) -> Begun:
        begun = await self.begin(build)
        await finish(self.store, begun.claim, Ending(status, changes=changes), self.now)
        return begun

    async def read_source(self, batch_id: str, text: bytes) -> None:
        """What the worker of the first build does."""
        build = (await self.builds(batch_id))["DOWNLOAD_SOURCE"]
        begun = await self.begin(build)
        assert reads_batch(begun)
        spec, problems = read_buildspec(text, "buildspec.yml")
        assert spec is not None, problems
        await record_plan(self.store, begun.claim, spec.batch)
        ending = Ending(OK, changes={"resolvedSourceVersion": COMMIT})
        await finish(self.store, begun.claim, ending, self.now)
        await self.do_jobs()

    async def do_jobs(self) -> int:
        """Does what the queue has for now."""
        done = 0
        while batches := await self._due():
            for batch in batches:
                await advance(self.store, batch, check_member, self.now)
            done += len(batches)
        return done

    async def _due(self) -> list[UUID]:
        async with self.store.database.transaction() as connection:
            found = await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = %s"
                " AND (scheduled_at IS NULL OR scheduled_at <= %s) RETURNING args",
                (ADVANCE, self.now),
            )
            return [UUID(row.args["batch"]) for row in await found.fetchall()]


@pytest.fixture
async def machine(store: Store, call_of: Callable[..., Call]) -> Machine:
    codebuild = CodeBuild(store)
    call = call_of("codebuild", "StartBuildBatch")
    await codebuild.create_project(call, PROJECT)
    return Machine(store, codebuild, call)


async def running(machine: Machine, batch_id: str) -> set[str]:
    return set(await machine.builds(batch_id))


async def run(
    machine: Machine, batch_id: str, failing: Iterable[str] = ()
) -> list[tuple[str, dict[str, Any]]]:
    """Ends the builds of a batch, one after another; the builds in the order they ended."""
    ended = []
    while builds := await machine.builds(batch_id):
        identifier, build = sorted(builds.items())[0]
        begun = await machine.end(build, BAD if identifier in failing else OK)
        ended.append((identifier, dict(begun.document)))
        await machine.do_jobs()
    return ended


def phases(batch: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(phase["phaseType"], phase.get("phaseStatus")) for phase in batch["phases"]]


def statuses(batch: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        group["identifier"]: group.get("currentBuildSummary", {}).get("buildStatus")
        for group in batch["buildGroups"]
    }


async def test_a_batch_begins_with_a_build_that_downloads_the_source(machine: Machine) -> None:
    """CB-104: the first group is a DOWNLOAD_SOURCE build."""
    answer = await machine.codebuild.start_build_batch(machine.call, {"projectName": "web"})
    batch = answer["buildBatch"]
    assert batch["arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build-batch/{batch['id']}"
    assert batch["buildBatchNumber"] == 1
    assert batch["startTime"] == NOON
    assert (batch["buildBatchStatus"], batch["complete"]) == ("IN_PROGRESS", False)
    assert phases(batch) == [("SUBMITTED", "SUCCEEDED"), ("DOWNLOAD_BATCHSPEC", None)]
    (group,) = batch["buildGroups"]
    assert group["identifier"] == "DOWNLOAD_SOURCE"
    build_id = group["currentBuildSummary"]["arn"].partition("/")[2]
    got = await machine.codebuild.batch_get_builds(machine.call, {"ids": [build_id]})
    assert got["builds"][0]["buildBatchArn"] == batch["arn"]
    assert await machine.batch(batch["id"]) == batch


async def test_builds_start_when_those_they_depend_on_have_ended(machine: Machine) -> None:
    """CB-101, CB-104, CB-116, CB-151: order, overrides, phases, the commit of all builds."""
    batch_id = await machine.start(
        environmentVariablesOverride=[{"name": "COLOR", "value": "red", "type": "PLAINTEXT"}]
    )
    env = {
        "image": "alpine",
        "compute-type": "BUILD_GENERAL1_LARGE",
        "privileged-mode": True,
        "variables": {"STAGE": "prod"},
    }
    text = batchspec(task("b", "a", env=env, buildspec="b.yml"), task("a"))
    await machine.read_source(batch_id, text)
    assert await running(machine, batch_id) == {"a"}
    (_, first), (_, second) = await run(machine, batch_id)
    environment = second["environment"]
    assert environment["image"] == "alpine"
    assert environment["computeType"] == "BUILD_GENERAL1_LARGE"
    assert environment["privilegedMode"] is True
    values = {one["name"]: one["value"] for one in environment["environmentVariables"]}
    assert values == {"STAGE": "prod", "COLOR": "red"}
    assert (first["source"].get("buildspec"), second["source"]["buildspec"]) == (None, "b.yml")
    assert first["sourceVersion"] == f"main^{{{COMMIT}}}"
    assert first["artifacts"]["location"] == "arn:aws:s3:::bucket/out/a/web"
    batch = await machine.batch(batch_id)
    assert phases(batch) == [
        ("SUBMITTED", "SUCCEEDED"),
        ("DOWNLOAD_BATCHSPEC", "SUCCEEDED"),
        ("IN_PROGRESS", "SUCCEEDED"),
        ("COMBINE_ARTIFACTS", "SUCCEEDED"),
        ("SUCCEEDED", None),
    ]
    assert (batch["currentPhase"], batch["buildBatchStatus"]) == ("SUCCEEDED", "SUCCEEDED")
    assert batch["resolvedSourceVersion"] == COMMIT
    _, group, _ = batch["buildGroups"]
    assert group["dependsOn"] == ["a"]
    assert group["currentBuildSummary"]["primaryArtifact"] == {
        "type": "S3",
        "identifier": "b",
        "location": "arn:aws:s3:::bucket/out/b/web",
    }


async def test_every_build_finds_its_identifier(machine: Machine) -> None:
    """CB-116"""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("lint")))
    begun = await machine.begin((await machine.builds(batch_id))["lint"])
    assert begun.variables == {"CODEBUILD_BATCH_BUILD_IDENTIFIER": "lint"}
    assert not reads_batch(begun)


@pytest.mark.parametrize(
    ("tasks", "fast_fail", "failing", "status", "ends"),
    [
        ([task("a"), task("b")], False, "a", BAD, {"a": BAD, "b": OK}),
        ([task("a"), task("b", "a")], False, "a", BAD, {"a": BAD, "b": None}),
        ([task("a", ignore_failure=True), task("b", "a")], False, "a", OK, {"a": BAD, "b": OK}),
        ([task("a"), task("b")], True, "a", BAD, {"a": BAD, "b": Status.STOPPED}),
    ],
)
async def test_a_failed_build_fails_the_batch_unless_it_is_ignored(
    machine: Machine,
    tasks: list[dict[str, Any]],
    fast_fail: bool,
    failing: str,
    status: Status,
    ends: dict[str, Status | None],
) -> None:
    """CB-100, CB-105: with fast-fail those that wait or run are stopped."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(*tasks, fast_fail=fast_fail))
    await run(machine, batch_id, failing)
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == status
    assert statuses(batch) == {"DOWNLOAD_SOURCE": OK, **ends}
    assert batch["complete"]


async def test_a_batch_whose_source_cannot_be_had_has_failed(machine: Machine) -> None:
    batch_id = await machine.start()
    build = (await machine.builds(batch_id))["DOWNLOAD_SOURCE"]
    await machine.end(build, BAD)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert phases(batch)[1:] == [("DOWNLOAD_BATCHSPEC", "FAILED"), ("FAILED", None)]
    assert batch["phases"][1]["contexts"] == [
        {"statusCode": "BATCH_FAILED", "message": "DOWNLOAD_SOURCE: FAILED"}
    ]


@pytest.mark.parametrize(
    ("restrictions", "text", "message"),
    [
        ({}, b"version: 0.2\nphases: {}", "no batch section"),
        ({"maximumBuildsAllowed": 1}, batchspec(task("a"), task("b")), "maximumBuildsAllowed"),
        (
            {"computeTypesAllowed": ["BUILD_GENERAL1_SMALL"]},
            batchspec(task("a", env={"compute-type": "BUILD_GENERAL1_LARGE"})),
            "computeTypesAllowed: a asks for BUILD_GENERAL1_LARGE",
        ),
        ({}, batchspec(task("DOWNLOAD_SOURCE")), "Invalid identifier"),
    ],
)
async def test_a_batch_that_cannot_be_fails_before_its_builds(
    machine: Machine, restrictions: dict[str, Any], text: bytes, message: str
) -> None:
    """CB-105: the restrictions of buildBatchConfig."""
    batch_id = await machine.start(buildBatchConfigOverride={"restrictions": restrictions})
    await machine.read_source(batch_id, text)
    batch = await machine.batch(batch_id)
    assert phases(batch)[1:] == [("DOWNLOAD_BATCHSPEC", "FAILED"), ("FAILED", None)]
    assert message in batch["phases"][1]["contexts"][0]["message"]
    assert list(statuses(batch)) == ["DOWNLOAD_SOURCE"]


async def test_a_build_that_cannot_be_started_has_failed(machine: Machine) -> None:
    batch_id = await machine.start()
    windows = task("a", env={"type": "WINDOWS_CONTAINER"})
    await machine.read_source(batch_id, batchspec(windows, task("b"), task("c", "a")))
    await run(machine, batch_id)
    batch = await machine.batch(batch_id)
    assert statuses(batch) == {"DOWNLOAD_SOURCE": OK, "a": BAD, "b": OK, "c": None}
    context = batch["phases"][2]["contexts"][0]
    assert (
        "NotImplemented: not implemented: CodeBuild.ProjectEnvironment.type" in context["message"]
    )


@pytest.mark.parametrize(
    ("config", "request_", "code"),
    [
        ({}, {}, "InvalidInputException"),
        ({"serviceRole": ROLE, "combineArtifacts": True}, {}, "NotImplemented"),
        ({"serviceRole": ROLE}, {"debugSessionEnabled": True}, "NotImplemented"),
        ({"serviceRole": ROLE}, {"projectName": "gone"}, "ResourceNotFoundException"),
        (
            {"serviceRole": ROLE, "restrictions": {"maximumBuildsAllowed": 101}},
            {},
            "InvalidInputException",
        ),
    ],
)
async def test_what_is_no_batch_is_refused(
    machine: Machine, config: dict[str, Any], request_: dict[str, Any], code: str
) -> None:
    await machine.codebuild.update_project(
        machine.call, {"name": "web", "buildBatchConfig": config}
    )
    with pytest.raises(AwsError) as caught:
        await machine.start(**request_)
    assert caught.value.code == code
    assert (await machine.codebuild.list_build_batches(machine.call, {}))["ids"] == []


async def test_a_stopped_batch_stops_its_builds(machine: Machine) -> None:
    """CB-104: those in the queue end at once, those that run are asked to."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b"), task("c", "b")))
    builds = await machine.builds(batch_id)
    begun = await machine.begin(builds["a"])
    stopped = await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    assert stopped["buildBatch"]["buildBatchStatus"] == "IN_PROGRESS"
    assert await running(machine, batch_id) == {"a"}
    await finish(machine.store, begun.claim, Ending(Status.STOPPED), machine.now)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert phases(batch)[2:] == [("IN_PROGRESS", "STOPPED"), ("STOPPED", None)]
    assert statuses(batch) == {
        "DOWNLOAD_SOURCE": OK,
        "a": Status.STOPPED,
        "b": Status.STOPPED,
        "c": None,
    }
    again = await machine.codebuild.stop_build_batch(machine.call, {"id": batch_id})
    assert again["buildBatch"] == batch


async def test_a_batch_is_stopped_when_its_time_is_over(machine: Machine) -> None:
    """CB-105"""
    batch_id = await machine.start(buildBatchConfigOverride={"timeoutInMins": 5})
    await machine.read_source(batch_id, batchspec(task("a")))
    machine.now = NOON + timedelta(minutes=5)
    assert await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == "TIMED_OUT"
    assert phases(batch)[2:] == [("IN_PROGRESS", "TIMED_OUT"), ("FAILED", None)]


async def test_a_batch_that_failed_is_retried_under_its_id(machine: Machine) -> None:
    """CB-137: only what failed, or all of it; phases are appended."""
    batch_id = await machine.start()
    text = batchspec(task("a"), task("b"), task("c", "b"))
    await machine.read_source(batch_id, text)
    await run(machine, batch_id, failing="b")
    first = await machine.batch(batch_id)
    retry = {"id": batch_id, "retryType": "RETRY_FAILED_BUILDS", "idempotencyToken": "t"}
    retried = (await machine.codebuild.retry_build_batch(machine.call, retry))["buildBatch"]
    again = (await machine.codebuild.retry_build_batch(machine.call, retry))["buildBatch"]
    assert retried["id"] == batch_id and again == retried
    assert phases(retried)[: len(first["phases"])] == phases(first)
    assert await running(machine, batch_id) == {"b"}
    await run(machine, batch_id, failing="c")
    second = await machine.batch(batch_id)
    assert statuses(second) == {"DOWNLOAD_SOURCE": OK, "a": OK, "b": OK, "c": BAD}
    prior = {one["identifier"]: one["priorBuildSummaryList"] for one in second["buildGroups"]}
    assert [one["buildStatus"] for one in prior["b"]] == ["FAILED"]
    everything = {"id": batch_id, "retryType": "RETRY_ALL_BUILDS"}
    await machine.codebuild.retry_build_batch(machine.call, everything)
    assert await running(machine, batch_id) == {"DOWNLOAD_SOURCE"}
    await machine.read_source(batch_id, text)
    await run(machine, batch_id)
    last = await machine.batch(batch_id)
    assert last["buildBatchStatus"] == "SUCCEEDED"
    assert [len(group["priorBuildSummaryList"]) for group in last["buildGroups"]] == [1, 1, 2, 1]


async def test_only_a_batch_that_failed_is_retried(machine: Machine) -> None:
    """CB-137"""
    batch_id = await machine.start()
    with pytest.raises(AwsError, match="is in progress"):
        await machine.codebuild.retry_build_batch(machine.call, {"id": batch_id})
    await machine.read_source(batch_id, batchspec(task("a")))
    await run(machine, batch_id)
    with pytest.raises(AwsError, match="has succeeded"):
        await machine.codebuild.retry_build_batch(machine.call, {"id": batch_id})


async def test_the_same_token_is_the_same_batch(machine: Machine) -> None:
    """CB-138"""
    first = await machine.start(idempotencyToken="t")
    assert await machine.start(idempotencyToken="t") == first
    with pytest.raises(AwsError, match="parameter mismatch"):
        await machine.start(idempotencyToken="t", sourceVersion="other")


async def test_a_limit_of_the_project_lets_builds_start_later(machine: Machine) -> None:
    """CB-135: a batch does not fail by it."""
    await machine.codebuild.update_project(machine.call, {"name": "web", "concurrentBuildLimit": 1})
    batch_id = await machine.start()
    other = await machine.start()
    assert await running(machine, other) == set()
    await machine.read_source(batch_id, batchspec(task("a"), task("b")))
    assert len(await running(machine, batch_id)) == 1
    await run(machine, batch_id)
    assert (await machine.batch(batch_id))["buildBatchStatus"] == "SUCCEEDED"
    machine.now += FULL
    await machine.do_jobs()
    assert await running(machine, other) == {"DOWNLOAD_SOURCE"}


async def test_a_build_is_the_batchs_even_after_it_was_deleted(machine: Machine) -> None:
    """CB-140: builds may be deleted when they have ended."""
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b")))
    build = (await machine.builds(batch_id))["a"]
    await machine.end(build, OK)
    await machine.codebuild.batch_delete_builds(machine.call, {"ids": [f"web:{build}"]})
    await machine.do_jobs()
    await run(machine, batch_id)
    assert (await machine.batch(batch_id))["buildBatchStatus"] == "SUCCEEDED"


async def test_only_the_first_build_tells_the_plan(machine: Machine) -> None:
    batch_id = await machine.start()
    build = (await machine.builds(batch_id))["DOWNLOAD_SOURCE"]
    with pytest.raises(Lost):
        await record_plan(machine.store, Claim(build, uuid4()), None)
    await machine.end(build, OK)
    await machine.do_jobs()
    batch = await machine.batch(batch_id)
    assert batch["buildBatchStatus"] == "FAILED"
    assert "did not tell" in batch["phases"][1]["contexts"][0]["message"]


async def test_batches_are_listed_and_deleted(machine: Machine) -> None:
    """By the time they were submitted, the last first."""
    codebuild, call = machine.codebuild, machine.call
    ids = []
    for minute in range(3):
        later = call._replace(now=NOON + timedelta(minutes=minute))
        answer = await codebuild.start_build_batch(later, {"projectName": "web"})
        ids.append(answer["buildBatch"]["id"])
    await codebuild.stop_build_batch(call, {"id": ids[0]})
    page = await codebuild.list_build_batches(call, {"maxResults": 2})
    rest = await codebuild.list_build_batches(
        call, {"maxResults": 2, "nextToken": page["nextToken"]}
    )
    assert [*page["ids"], *rest["ids"]] == ids[::-1] and "nextToken" not in rest
    of_project = {"projectName": "web", "filter": {"status": "STOPPED"}}
    assert await codebuild.list_build_batches_for_project(call, of_project) == {"ids": ids[:1]}
    with pytest.raises(AwsError, match="Project cannot be found"):
        await codebuild.list_build_batches_for_project(call, {"projectName": "gone"})
    with pytest.raises(AwsError, match="is in progress"):
        await codebuild.delete_build_batch(call, {"id": ids[1]})
    deleted = await codebuild.delete_build_batch(call, {"id": ids[0]})
    assert deleted["statusCode"] == "BATCH_DELETED" and len(deleted["buildsDeleted"]) == 1
    got = await codebuild.batch_get_build_batches(call, {"ids": ids[:1]})
    assert got == {"buildBatches": [], "buildBatchesNotFound": ids[:1]}


async def test_a_batch_goes_on_after_a_job_was_lost_with_its_worker(machine: Machine) -> None:
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), task("b", "a")))
    await machine.end((await machine.builds(batch_id))["a"], OK)
    async with machine.store.database.transaction() as connection:
        await connection.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", (ADVANCE,))
    assert await advance_all(machine.store, check_member, machine.now) == 1
    assert await running(machine, batch_id) == {"b"}
    await run(machine, batch_id)
    assert await advance_all(machine.store, check_member, machine.now) == 0


async def test_whoever_advances_at_once_starts_each_build_once(machine: Machine) -> None:
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(task("a"), *(task(x, "a") for x in "bcde")))
    await machine.end((await machine.builds(batch_id))["a"], OK)
    batch = UUID(batch_id[-36:])
    await asyncio.gather(
        *(advance(machine.store, batch, check_member, machine.now) for _ in range(5))
    )
    listed = await machine.codebuild.list_builds(machine.call, {})
    assert len(listed["ids"]) == 6
    builds = await machine.builds(batch_id)
    await asyncio.gather(
        *(machine.end(build, OK) for build in builds.values()),
        *(advance(machine.store, batch, check_member, machine.now) for _ in range(3)),
        machine.codebuild.stop_build_batch(machine.call, {"id": batch_id}),
    )
    await machine.do_jobs()
    assert (await machine.batch(batch_id))["complete"]


async def test_in_whatever_order_builds_end_a_batch_comes_to_the_right_end(
    machine: Machine,
) -> None:
    """CB-100, CB-101, CB-105: random graphs and ends, spurious advances, delays of the queue.

    CB-137: what failed is retried, with what waited for it.
    """
    for seed in range(25):
        await _live(machine, random.Random(seed), f"seed {seed}")


async def _live(machine: Machine, chance: random.Random, seed: str) -> None:
    names = [f"t{number}" for number in range(chance.randint(1, 6))]
    depends = {
        name: chance.sample(names[:index], chance.randint(0, min(index, 2)))
        for index, name in enumerate(names)
    }
    ignored = {name for name in names if chance.random() < 0.3}
    fast_fail = chance.random() < 0.3
    tasks = [task(name, *depends[name], ignore_failure=name in ignored) for name in names]
    batch_id = await machine.start()
    await machine.read_source(batch_id, batchspec(*tasks, fast_fail=fast_fail))
    batch, ended = UUID(batch_id[-36:]), {"DOWNLOAD_SOURCE": OK}
    while builds := await machine.builds(batch_id):
        for name in builds:
            passing = {other for other in depends[name] if ended.get(other) == OK}
            assert passing | ignored >= set(depends[name]), seed
            assert set(depends[name]) <= set(ended), seed
        name = chance.choice(sorted(builds))
        if name not in ended:
            ended[name] = chance.choice([OK, OK, BAD, Status.TIMED_OUT])
            await machine.end(builds[name], ended[name])
        if chance.random() < 0.3:
            await advance(machine.store, batch, check_member, machine.now)
        if chance.random() < 0.6 or set(builds) <= set(ended):
            await machine.do_jobs()
    found = await machine.batch(batch_id)
    assert found["complete"], seed
    told = statuses(found)
    assert {name: told[name] for name in ended} == ended, seed
    failed = any(status != OK and name not in ignored for name, status in ended.items())
    assert found["buildBatchStatus"] == (BAD if failed else OK), seed
    if failed:
        retry = {"id": batch_id, "retryType": "RETRY_FAILED_BUILDS"}
        await machine.codebuild.retry_build_batch(machine.call, retry)
        await run(machine, batch_id)
        found = await machine.batch(batch_id)
        assert set(statuses(found).values()) == {OK}, seed
    else:
        assert set(ended) == {"DOWNLOAD_SOURCE", *names}, seed


SPEC = """
version: 0.2
batch:
  build-graph:
    - identifier: first
    - identifier: second
      depend-on: [first]
    - identifier: failing
      ignore-failure: true
phases:
  build:
    commands:
      - test "$CODEBUILD_BATCH_BUILD_IDENTIFIER" != failing
"""


async def test_a_worker_performs_a_batch(
    database_url: str, tmp_path: Path, call_of: Callable[..., Call]
) -> None:
    """CB-104, CB-116"""
    location = Location(database_url, str(tmp_path / "blobs"), str(tmp_path / "key"))
    add_key(location.key_file)
    runner = RunnerSettings("host", str(tmp_path / "builds"))
    stopping = asyncio.Event()
    async with open_store(location) as store, asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        async with store.database.transaction() as connection:
            await tell(connection, "endpoint", "http://127.0.0.1:4545")
        tasks.create_task(work(location, runner, builds_at_once=2, name="test", stopping=stopping))
        codebuild, call = CodeBuild(store), call_of("codebuild", "Call", now=datetime.now(UTC))
        inline = {"type": "NO_SOURCE", "buildspec": SPEC}
        without = {"source": inline, "sourceVersion": "", "artifacts": {"type": "NO_ARTIFACTS"}}
        await codebuild.create_project(call, {**PROJECT, **without})
        answer = await codebuild.start_build_batch(call, {"projectName": "web"})
        batch = answer["buildBatch"]
        name = read_batch_name(call, batch["id"])
        async with store.notices.of(name.topic) as news:
            while not batch["complete"]:
                await news.wait()
                news.clear()
                got = await codebuild.batch_get_build_batches(call, {"ids": [name.id]})
                batch = got["buildBatches"][0]
        stopping.set()
    assert batch["buildBatchStatus"] == "SUCCEEDED"
    assert list(statuses(batch).values()) == [OK, OK, OK, BAD]
