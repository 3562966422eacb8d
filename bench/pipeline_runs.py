"""How long pipelines take that do next to nothing: what is left is Penstock's own time.

The pipeline has three stages of one action each, all of them real: a ZIP file of one page of 100
bytes is fetched from S3, put into a bucket as it is, and put into a bucket file by file. Nobody is
asked for anything and no process is started. The clock runs from before the request that starts an
execution until PostgreSQL has told that its end is committed.
"""

from __future__ import annotations

import io
import json
import statistics
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
from bench.load import client
from bench.rounds import Row, Table
from bench.servers import Server, penstock, running

ROLE = "arn:aws:iam::000000000000:role/bench"
ACTIONS = 3
RUNS, ROUNDS = 30, 5
PIPELINES, EACH = 10, 5
TOGETHER = PIPELINES * EACH
GOAL_ACTION, GOAL_RUN, GOAL_TOGETHER = 60.0, 1000.0, 2.0


def ran(folder: Path) -> list[Table]:
    """One execution after another, then fifty of ten pipelines at once."""
    with running("Penstock", penstock(folder / "data"), folder / "penstock") as server:
        database = json.loads((folder / "data/server.json").read_text())["database"]
        names = make_ready(server)
        with _heard(database) as news:
            work = _Work(server, _postgres(folder / "data"), news)
            work.run(names[:1], 3)  # warms the caches
            alone = [work.run(names[:1], 1) for _ in range(RUNS)]
            by_action = statistics.median(_each_action(database, names[0], RUNS))
            spent = work.spent(lambda: [work.run(names[:1], 1) for _ in range(RUNS)]) / RUNS
            together = [work.run(names, EACH) for _ in range(ROUNDS)]
            busy = work.spent(lambda: work.run(names, EACH)) / TOGETHER
    one = statistics.median(alone)
    each = statistics.median(together) / TOGETHER
    run = [Row("Penstock", one), Row("the goal", GOAL_RUN)]
    action = [
        Row("Penstock, from an action's start to its end", by_action),
        Row("an execution's time, shared by its actions", one / ACTIONS),
        Row("the goal", GOAL_ACTION),
    ]
    times = [
        Row("Penstock", each / ACTIONS),
        Row("twice an action's of one execution alone", GOAL_TOGETHER * one / ACTIONS),
    ]
    effort = [
        Row("Penstock", busy / ACTIONS),
        Row("twice an action's of one execution alone", GOAL_TOGETHER * spent / ACTIONS),
    ]
    many = f"{TOGETHER} executions of {PIPELINES} pipelines at once, of {ACTIONS} actions each"
    what = f"An execution of {ACTIONS} stages of one action each"
    return [
        Table(f"{what}, start to end", "ms", run),
        Table(f"{what}, an action", "ms", action),
        Table(f"{many}: time by action", "ms", times),
        Table(f"{many}: processors' time by action, of all processes", "ms", effort),
    ]


class _Work:
    """Starts executions, and hears of their ends."""

    def __init__(
        self, server: Server, postgres: psutil.Process, news: psycopg.Connection[Any]
    ) -> None:
        self._news = news
        self._mains = [psutil.Process(server.process.pid), postgres]
        self._pipelines = client("codepipeline", server.url)

    def run(self, names: list[str], each: int) -> float:
        """Milliseconds until all executions that are started here have ended, and well."""
        began = time.perf_counter()
        waiting = set()
        for _ in range(each):
            for name in names:
                answer = self._pipelines.start_pipeline_execution(name=name)
                waiting.add(answer["pipelineExecutionId"])
        while waiting:
            waiting -= self._ended(list(waiting))
            if waiting:
                next(self._news.notifies(timeout=10, stop_after=1))
        return (time.perf_counter() - began) * 1000

    def _ended(self, runs: list[str]) -> set[str]:
        rows = self._news.execute(
            "SELECT id::text, status FROM pipeline_executions"
            " WHERE id = ANY (%s::uuid[]) AND status <> 'InProgress'",
            (runs,),
        ).fetchall()
        if bad := [status for _, status in rows if status != "Succeeded"]:
            raise RuntimeError(f"executions ended as {bad}")
        return {run for run, _ in rows}

    def spent(self, act: Any) -> float:
        """Milliseconds of processors that all processes of the server spend meanwhile."""
        before = self._seconds()
        act()
        return (self._seconds() - before) * 1000

    def _seconds(self) -> float:
        every = [one for main in self._mains for one in (main, *main.children(recursive=True))]
        times = (one.cpu_times() for one in every)
        # Those of processes that have ended are with their parents.
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def _postgres(data: Path) -> psutil.Process:
    """Its main process, which is no child of the server that has started it."""
    return psutil.Process(int((data / "postgres/postmaster.pid").read_text().split()[0]))


@contextmanager
def _heard(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that hears of whatever happens to pipelines."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("LISTEN penstock")
        yield connection


def _each_action(database: str, name: str, runs: int) -> list[float]:
    """Milliseconds from the decision to start an action to its end, of the last executions."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT extract(epoch FROM a.updated - a.started) * 1000"
            " FROM action_executions a JOIN pipelines p ON p.id = a.pipeline"
            " WHERE p.name = %s ORDER BY sequence DESC LIMIT %s",
            (name, runs * ACTIONS),
        ).fetchall()
    return [float(row[0]) for row in rows]


def make_ready(server: Server) -> list[str]:
    """Names of pipelines that can be started."""
    s3 = client("s3", server.url)
    for bucket in ("bench-sources", "bench-artifacts", "bench-site"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="bench-sources", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bench-sources", Key="app.zip", Body=_page())
    pipelines = client("codepipeline", server.url)
    names = [f"bench-{number}" for number in range(PIPELINES)]
    for name in names:
        pipelines.create_pipeline(pipeline=declaration(name))
    for name in names:
        await_quiet(pipelines, name)
    return names


def _page() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", b"x" * 100)
    return buffer.getvalue()


def await_quiet(pipelines: Any, name: str) -> None:
    """Until the execution is over that the pipeline's making has started."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        listed = pipelines.list_pipeline_executions(pipelineName=name)
        if all(one["status"] != "InProgress" for one in listed["pipelineExecutionSummaries"]):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not end")


def declaration(name: str) -> Mapping[str, Any]:
    """Executions know nothing of each other: many can be at work at once."""
    return {
        "name": name,
        "roleArn": ROLE,
        "pipelineType": "V2",
        "executionMode": "PARALLEL",
        "artifactStore": {"type": "S3", "location": "bench-artifacts"},
        "stages": [
            _stage(
                "Source",
                "Source",
                {
                    "S3Bucket": "bench-sources",
                    "S3ObjectKey": "app.zip",
                    "PollForSourceChanges": "false",
                },
                outputArtifacts=[{"name": "App"}],
            ),
            _stage(
                "Keep",
                "Deploy",
                {"BucketName": "bench-site", "Extract": "false", "ObjectKey": f"{name}.zip"},
                inputArtifacts=[{"name": "App"}],
            ),
            _stage(
                "Site",
                "Deploy",
                {"BucketName": "bench-site", "Extract": "true", "ObjectKey": name},
                inputArtifacts=[{"name": "App"}],
            ),
        ],
    }


def _stage(
    name: str, category: str, configuration: Mapping[str, str], **members: Any
) -> Mapping[str, Any]:
    type = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
    action = {"name": name, "actionTypeId": type, "configuration": configuration, **members}
    return {"name": name, "actions": [action]}
