"""Processes of a real installation killed, frozen and starved while builds run.

The first test kills at random: see `killing`.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from .killing import (
    BUILDS,
    LOSSES,
    LOST,
    OPTIONS,
    ROUNDS,
    SEED,
    SOAK,
    kill,
    left_of,
    strike,
    strikes,
)

LINES = 30
BUCKET = "artifacts"
OUTAGE = 25 if SOAK else 4
"""Seconds; each connection is waited for for ten, and for reading twice."""
Until = Callable[..., Any]


def spec(*commands: str, **sections: Any) -> str:
    phases = {"build": {"commands": list(commands)}}
    return json.dumps({"version": "0.2", "phases": phases, **sections})


class Builds:
    """What a test starts, and what it finds out about it. Its clients outlive servers."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        retries = {"mode": "standard", "max_attempts": 10}
        self.codebuild = installation.client("codebuild", retries=retries)
        self.logs = installation.client("logs", retries={"total_max_attempts": 1})
        self.s3 = installation.client("s3", retries=retries)

    def project(self, buildspec: str, **members: Any) -> str:
        name = f"web-{uuid4().hex[:8]}"
        self.codebuild.create_project(
            name=name,
            source={"type": "NO_SOURCE", "buildspec": buildspec},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole="arn:aws:iam::000000000000:role/build",
            **{"artifacts": {"type": "NO_ARTIFACTS"}, **members},
        )
        return name

    def start(self, project: str) -> str:
        """The same build however often the request is repeated: a server may die in answering."""
        return str(
            self.codebuild.start_build(projectName=project, idempotencyToken=uuid4().hex)["build"][
                "id"
            ]
        )

    def find(self, *ids: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for begin in range(0, len(ids), 100):
            found += self.codebuild.batch_get_builds(ids=ids[begin : begin + 100])["builds"]
        return found

    def of(self, project: str) -> list[dict[str, Any]]:
        """All builds of a project, also those that nobody asked for."""
        pages = self.codebuild.get_paginator("list_builds_for_project").paginate(
            projectName=project
        )
        return self.find(*(build for page in pages for build in page["ids"]))

    def log(self, build: dict[str, Any]) -> list[str]:
        return self.read(build["id"], {})[0]

    def read(self, build: str, token: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        """What is in a log after a token, and the token for what comes then."""
        project, _, stream = build.partition(":")
        lines: list[str] = []
        while True:
            page = self.logs.get_log_events(
                logGroupName=f"/aws/codebuild/{project}",
                logStreamName=stream,
                startFromHead=True,
                **token,
            )
            lines += [event["message"] for event in page["events"]]
            following = {"nextToken": page["nextForwardToken"]}
            if following == token:
                return lines, token
            token = following

    def final_states(self) -> Counter[str]:
        """How often the end of each build was told, by the id in its ARN."""
        with psycopg.connect(self.installation.database) as connection:
            rows = connection.execute(
                "SELECT detail ->> 'build-id' FROM events"
                " WHERE detail_type = 'CodeBuild Build State Change'"
                " AND detail ->> 'build-status' <> 'IN_PROGRESS'"
            ).fetchall()
        return Counter(arn.partition("/")[2] for (arn,) in rows)


class Reader:
    """A client that reads logs all the time, and remembers what it was given."""

    def __init__(self, builds: Builds, ids: list[str]) -> None:
        self.seen: dict[str, list[str]] = {build: [] for build in ids}
        self._builds = builds
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _read(self) -> None:
        tokens: dict[str, dict[str, str]] = {build: {} for build in self.seen}
        while not self._ending.wait(0.05):
            for build, seen in self.seen.items():
                with suppress(BotoCoreError, ClientError):  # no server now; no log yet
                    lines, tokens[build] = self._builds.read(build, tokens[build])
                    seen += lines


@pytest.mark.parametrize("round", range(ROUNDS))
def test_whoever_is_killed_each_build_ends_once_and_whole(
    install: Callable[..., Any], until: Until, round: int
) -> None:
    """CB-139: a build that ended in a fault is tried again."""
    chance = random.Random(SEED + round)
    print(f"PENSTOCK_SOAK_SEED={SEED + round}")
    installation = install(*OPTIONS).start()
    builds = Builds(installation)
    builds.s3.create_bucket(Bucket=BUCKET)
    commands = (
        "sleep 1000 & mkdir out; head -c 1000000 /dev/urandom > out/noise",
        f"for i in $(seq {LINES}); do echo line $i; echo $i > out/$i; sleep 0.05; done",
    )
    artifacts = {"files": ["**/*"], "base-directory": "out"}
    kept = {"type": "S3", "location": BUCKET, "packaging": "ZIP", "namespaceType": "BUILD_ID"}
    buildspec = spec(*commands, artifacts=artifacts)
    projects = {
        builds.project(buildspec, artifacts=kept, autoRetryLimit=limit): limit for limit in (0, 2)
    }
    started = [builds.start(project) for project in list(projects) * (BUILDS // 2)]
    with Reader(builds, started) as reader:
        for victim in strikes(chance):
            time.sleep(chance.uniform(0.2, 1.5))  # the instant is what is tried
            strike(installation, victim, chance)
        ended = until(lambda: all_ended(builds, projects), LOST + BUILDS)
    assert {build["id"] for build in ended} >= set(started)
    check_ends(builds, ended)
    for build in ended:
        check_chain(build, {one["arn"]: one for one in ended}, projects[build["projectName"]])
    for build, seen in reader.seen.items():
        assert not seen or builds.read(build, {})[0][: len(seen)] == seen
    until(lambda: not left_of(ended))
    print(Counter(build["buildStatus"] for build in ended))


def all_ended(builds: Builds, projects: Any) -> list[dict[str, Any]] | None:
    found = [build for project in projects for build in builds.of(project)]
    return found if all(build["buildComplete"] for build in found) else None


def check_ends(builds: Builds, ended: list[dict[str, Any]]) -> None:
    """Each is told once, and what a good one has made is whole."""
    assert builds.final_states() == Counter({build["id"]: 1 for build in ended})
    for build in ended:
        assert build["buildStatus"] == "SUCCEEDED" or reasons(build) <= LOSSES, build
        if build["buildStatus"] == "SUCCEEDED":
            said = [line for line in builds.log(build) if line.startswith("line ")]
            assert said == [f"line {number + 1}" for number in range(LINES)]
            bucket, _, key = (
                build["artifacts"]["location"].removeprefix("arn:aws:s3:::").partition("/")
            )
            body = builds.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                assert archive.testzip() is None
                assert len(archive.namelist()) == LINES + 1


def reasons(build: dict[str, Any]) -> set[str]:
    """Why a build has not succeeded."""
    contexts = [one for phase in build["phases"] for one in phase.get("contexts", [])]
    return {one["statusCode"] for one in contexts if one.get("statusCode")} or {"none was told"}


def check_chain(build: dict[str, Any], by_arn: dict[str, dict[str, Any]], limit: int) -> None:
    """A fault is followed by one more attempt, as often as the project says."""
    config = build.get("autoRetryConfig", {})
    following = config.get("nextAutoRetry")
    again = build["buildStatus"] == "FAULT" and config.get("autoRetryNumber", 0) < limit
    assert bool(following) == again, build
    if following:
        assert by_arn[following]["autoRetryConfig"]["previousAutoRetry"] == build["arn"]


@pytest.fixture
def up(install: Callable[..., Any]) -> Any:
    return install(*OPTIONS).start()


def memory_of(installation: Any) -> list[str]:
    """Options by which another server shares the memory of one that is up."""
    told = installation.read_json("server.json")
    names = ("database", "storage", "key_file")
    return [text for name in names for text in (f"--{name.replace('_', '-')}", told[name])]


@pytest.fixture
def pair(install: Callable[..., Any]) -> tuple[Any, Any]:
    """A server that has the database, and one that uses it and runs the builds."""
    first = install().start("--no-worker")
    return first, install(*OPTIONS, *memory_of(first)).start()


@pytest.fixture
def slow(tmp_path: Path) -> str:
    """Commands that say they have begun, and end when they are told to."""
    wait = f"until [ -e {tmp_path}/go ]; do echo waits; sleep 0.05; done"
    commands = ("echo first", f"touch {tmp_path}/begun", wait, "echo last > last; cat last")
    return spec(*commands, artifacts={"files": ["last"]})


def end_of(builds: Builds, build: str, until: Until) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        [found] = builds.find(build)
        return found if found["buildComplete"] else None

    found: dict[str, Any] = until(ended)
    return found


@contextmanager
def frozen(installation: Any) -> Iterator[None]:
    """PostgreSQL as it is on a machine that hangs: connections stay, and nothing answers."""
    main = installation.postmaster()
    processes = [main, *main.children(recursive=True)]
    for one in processes:
        one.send_signal(signal.SIGSTOP)
    yield
    for one in processes:
        one.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("how", ["frozen", "killed again and again", "gone"])
def test_a_build_goes_on_while_the_database_is_away(
    pair: tuple[Any, Any], slow: str, tmp_path: Path, until: Until, how: str
) -> None:
    first, second = pair
    builds = Builds(second)
    builds.s3.create_bucket(Bucket=BUCKET)
    kept = {"type": "S3", "location": BUCKET, "packaging": "ZIP", "name": "out.zip"}
    build = builds.start(builds.project(slow, artifacts=kept))
    until((tmp_path / "begun").exists)
    AWAY[how](first, (tmp_path / "go").touch, until)
    ended = end_of(builds, build, until)
    assert ended["buildStatus"] == "SUCCEEDED", builds.log(ended)
    said = [line for line in builds.log(ended) if line in ("first", "last")]
    assert said == ["first", "last"]
    assert builds.s3.get_object(Bucket=BUCKET, Key="out.zip")["ContentLength"] > 0


def freeze(installation: Any, go: Callable[[], None], until: Until) -> None:
    with frozen(installation):
        go()
        time.sleep(OUTAGE)


def kill_again(installation: Any, go: Callable[[], None], until: Until) -> None:
    go()
    for _ in range(4):
        kill(until(installation.postmaster))
        time.sleep(0.5)


def go_away(installation: Any, go: Callable[[], None], until: Until) -> None:
    """With the server that would start it again."""
    postmaster = installation.postmaster()
    installation.kill()
    kill(postmaster)
    go()
    time.sleep(OUTAGE)
    installation.start("--no-worker")


AWAY = {"frozen": freeze, "killed again and again": kill_again, "gone": go_away}


def test_two_servers_on_one_database_run_each_build_once(
    install: Callable[..., Any], tmp_path: Path, until: Until
) -> None:
    first = install(*OPTIONS).start()
    second = install(*OPTIONS, *memory_of(first)).start()
    ends = Builds(first), Builds(second)
    project = ends[0].project(spec(f"echo $CODEBUILD_BUILD_ID >> {tmp_path}/run"))
    started = [ends[number % 2].start(project) for number in range(8)]
    for build in started:
        assert end_of(ends[1], build, until)["buildStatus"] == "SUCCEEDED"
    assert sorted((tmp_path / "run").read_text().split()) == sorted(started)
    assert ends[0].final_states() == Counter(started)


@pytest.mark.skipif(not SOAK, reason="make soak: it takes long")
def test_no_worker_takes_another_for_lost_that_waits_for_the_database_too(
    install: Callable[..., Any], tmp_path: Path, slow: str, until: Until
) -> None:
    first = install("--no-worker").start()
    for _ in range(2):
        install(*OPTIONS, *memory_of(first)).start()
    builds = Builds(first)
    project = builds.project(slow)
    started = [builds.start(project) for _ in range(8)]
    until(lambda: len(left_of(builds.find(*started))) >= 8)
    postmaster = first.postmaster()
    first.kill()
    kill(postmaster)
    time.sleep(13)  # a worker not heard of for 10 s is lost, if others are
    first.start("--no-worker")
    time.sleep(5)  # all have looked around
    (tmp_path / "go").touch()
    statuses = [end_of(builds, build, until)["buildStatus"] for build in started]
    assert statuses == ["SUCCEEDED"] * len(started)


def test_a_sigterm_lets_builds_end_and_begins_no_more(
    up: Any, slow: str, tmp_path: Path, until: Until
) -> None:
    builds = Builds(up)
    build = builds.start(builds.project(slow))
    until((tmp_path / "begun").exists)
    up.server.terminate()
    until(lambda: "stopping:" in up.log)
    (tmp_path / "go").touch()
    assert up.wait() == 0
    up.start()
    assert end_of(builds, build, until)["buildStatus"] == "SUCCEEDED"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB; skipped where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "penstock-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mount: only root may, and not everywhere")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_takes_nothing_in_half(install: Callable[..., Any], small_disk: Path) -> None:
    up = install("--no-worker", "--storage", str(small_disk / "blobs")).start()
    s3 = up.client("s3", retries={"total_max_attempts": 1})
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"k" * (4 << 20))
    free = psutil.disk_usage(str(small_disk)).free
    for key in ("kept", "new"):
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * (13 << 20))
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    assert psutil.disk_usage(str(small_disk)).free == free
    [listed] = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert (listed["Key"], listed["Size"]) == ("kept", 4 << 20)
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"k" * (4 << 20)
    s3.put_object(Bucket=BUCKET, Key="new", Body=b"n" * (4 << 20))
    assert s3.get_object(Bucket=BUCKET, Key="new")["ContentLength"] == 4 << 20
