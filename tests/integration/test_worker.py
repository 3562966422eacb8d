"""Builds performed by a worker, its processes and all, on this machine's own shell."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from penstock.flow.builds import StartOrder, start, stop
from penstock.services import make_service
from penstock.services.codebuild.project_defaults import completed
from penstock.state.builds import PhaseType
from penstock.state.calls import Call, Principal
from penstock.state.recorded_builds import BuildName
from penstock.store import Store
from penstock.store.access_keys import find_key
from penstock.store.buckets import create_bucket
from penstock.store.builds import find_documents, last_status
from penstock.store.facts import tell
from penstock.store.objects import find_object, list_keys, put_object, stream_object
from penstock.store.opening import Location, open_store
from penstock.store.projects import insert_project, invalidate_cache
from penstock.store.sealing import add_key
from penstock.worker import work
from penstock.worker.settings import RunnerSettings

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "test")
PATIENCE = 20.0
Document = dict[str, Any]


class Yard:
    """A store, a folder for builds, and what a test does with them."""

    def __init__(self, location: Location, store: Store, folder: Path) -> None:
        self.location = location
        self.store = store
        self.folder = folder
        self.runner = RunnerSettings("host", str(folder / "builds"))

    @asynccontextmanager
    async def worker(self, builds_at_once: int = 2) -> AsyncIterator[asyncio.Event]:
        stopping = asyncio.Event()
        task = asyncio.create_task(
            work(
                self.location,
                self.runner,
                builds_at_once=builds_at_once,
                name="test",
                stopping=stopping,
            )
        )
        try:
            yield stopping
        finally:
            stopping.set()
            async with asyncio.timeout(PATIENCE):
                await task

    async def project(self, name: str, buildspec: str, **members: Any) -> None:
        asked: Document = {
            "name": name,
            "arn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{name}",
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/build",
            **members,
        }
        document = completed(asked, ACCOUNT, REGION)
        now = datetime.now(UTC)
        await insert_project(self.store.database, ACCOUNT, REGION, document, now=now)

    async def start(self, project: str, **request: Any) -> BuildName:
        now = datetime.now(UTC)
        order = StartOrder(ACCOUNT, REGION, project, request, "ada", now)
        document = await start(self.store, order)
        return BuildName(ACCOUNT, REGION, project, UUID(document["id"].partition(":")[2]))

    async def document(self, build: BuildName) -> Document:
        (found,) = await find_documents(self.store.database, ACCOUNT, REGION, [build.uuid])
        return found

    async def ended(self, build: BuildName) -> Document:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(build.topic) as news:
            while not (document := await self.document(build))["buildComplete"]:
                await news.wait()
                news.clear()
        return document

    async def reached(self, build: BuildName, phase: str) -> None:
        async with asyncio.timeout(PATIENCE), self.store.notices.of(build.topic) as news:
            while (await self.document(build))["currentPhase"] != phase:
                await news.wait()
                news.clear()

    async def built(self, buildspec: str, **members: Any) -> Document:
        await self.project("web", buildspec, **members)
        return await self.ended(await self.start("web"))

    def call(self, service: str, operation: str) -> Call:
        return Call(service, operation, ROOT, REGION, "1", datetime.now(UTC), "")

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        handler = make_service(service, self.store).handler(operation)
        return await handler(self.call(service, operation), request) or {}

    async def bucket(self, name: str, **contents: bytes) -> None:
        now = datetime.now(UTC)
        await create_bucket(self.store.database, name, ACCOUNT, REGION, {}, now)
        for key, body in contents.items():
            await put_object(self.store, name, key, body, now=now)

    async def read(self, bucket: str, key: str) -> bytes:
        found = await find_object(self.store, bucket, key)
        return b"".join([piece async for piece in stream_object(self.store, found)])

    async def log(self, document: Document) -> list[str]:
        where = document["logs"]
        lines: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = await self.ask(
                "logs",
                "GetLogEvents",
                logGroupName=where["groupName"],
                logStreamName=where["streamName"],
                startFromHead=True,
                **token,
            )
            lines += [event["message"] for event in answer["events"]]
            if token.get("nextToken") == answer["nextForwardToken"]:
                return lines
            token = {"nextToken": answer["nextForwardToken"]}


@pytest.fixture
async def yard(database_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    key_file = tmp_path / "keys"
    add_key(str(key_file))
    location = Location(database_url, str(tmp_path / "blobs"), str(key_file))
    async with open_store(location, connections=5) as store:
        yield Yard(location, store, tmp_path)


def spec(*commands: str, rest: str = "") -> str:
    listed = "".join(f"\n      - {command}" for command in commands)
    return f"version: 0.2\nphases:\n  build:\n    commands:{listed}\n{rest}"


def phases(document: Document) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in document["phases"]}


def processes(word: str) -> list[int]:
    """Those with a word in their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if word.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_build_is_performed_and_recorded(yard: Yard) -> None:
    """CB-035: its phases; CB-120: its log; CB-111: what its commands are told."""
    commands = ("echo hello $((6 * 7))", "echo $CODEBUILD_BUILD_ID $CODEBUILD_BUILD_NUMBER")
    async with yard.worker():
        document = await yard.built(spec(*commands))
    assert document["buildStatus"] == "SUCCEEDED"
    assert list(phases(document)) == [phase.value for phase in PhaseType]
    assert set(list(phases(document).values())[:-1]) == {"SUCCEEDED"}
    log = await yard.log(document)
    at = log.index("hello 42")
    assert log[at - 1].endswith("Running command echo hello $((6 * 7))")
    assert log[at + 1] == ""
    assert f"{document['id']} 1" in log
    assert next(line for line in log if "Entering phase" in line).endswith("INSTALL")
    assert not list((yard.folder / "builds").iterdir())


async def test_a_command_that_fails_fails_the_build(yard: Yard) -> None:
    """CB-042: the phase says which, and why."""
    async with yard.worker():
        document = await yard.built(spec("exit 3"))
    assert document["buildStatus"] == "FAILED"
    build = next(phase for phase in document["phases"] if phase["phaseType"] == "BUILD")
    assert build["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 3. Reason: exit status 3",
        }
    ]


@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        ("buildspec.yml", "stat "),
        ("version: 0.2\nphases:\n  built: {}\n", "line 3: "),
    ],
)
async def test_a_bad_buildspec_fails_download_source(
    yard: Yard, buildspec: str, message: str
) -> None:
    """CB-003: and no command runs."""
    async with yard.worker():
        document = await yard.built(buildspec)
    assert document["buildStatus"] == "FAILED"
    assert list(phases(document))[3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    (context,) = document["phases"][3]["contexts"]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert context["message"].startswith(message)


async def test_a_build_that_is_stopped_leaves_nothing_running(yard: Yard) -> None:
    """CB-136: the running phase is STOPPED, and nothing follows but COMPLETED."""
    await yard.project("web", spec("setsid sleep 600.25 & sleep 600.25"))
    async with yard.worker():
        build = await yard.start("web")
        await until(lambda: len(processes("600.25")) >= 2)
        await stop(yard.store, build, datetime.now(UTC))
        document = await yard.ended(build)
    assert document["buildStatus"] == "STOPPED"
    assert list(phases(document).items())[-2:] == [("BUILD", "STOPPED"), ("COMPLETED", "")]
    assert not processes("600.25")


async def test_a_build_that_takes_too_long_is_ended(yard: Yard) -> None:
    """CB-133"""
    async with yard.worker():
        document = await yard.built(spec("sleep 601.25"), timeoutInMinutes=0.01)
    assert document["buildStatus"] == "TIMED_OUT"
    assert phases(document)["BUILD"] == "TIMED_OUT"
    assert not processes("601.25")


async def test_a_build_whose_process_is_killed_ends_with_a_fault(yard: Yard) -> None:
    await yard.project("web", spec("sleep 602.25; true"))
    async with yard.worker():
        build = await yard.start("web")
        await yard.reached(build, "BUILD")
        await until(lambda: bool(processes("602.25")))
        os.kill(parent(parent(processes("602.25")[0])), signal.SIGKILL)
        document = await yard.ended(build)
        await until(lambda: not processes("602.25"))
    assert document["buildStatus"] == "FAULT"
    build_phase = document["phases"][-2]
    assert build_phase["phaseType"] == "BUILD"
    assert "signal 9" in build_phase["contexts"][0]["message"]


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_build_whose_process_cannot_be_started_ends_with_a_fault(yard: Yard) -> None:
    yard.runner = yard.runner._replace(images=MappingProxyType({}))  # goes to no other process
    async with yard.worker():
        document = await yard.built(spec("true"))
    assert document["buildStatus"] == "FAULT"
    assert "mappingproxy" in json.dumps(document["phases"])


async def test_a_build_ends_when_its_worker_is_killed(yard: Yard) -> None:
    """Its own process tells the end, and ends all that it has started."""
    await yard.project("web", spec("sleep 603.25"))
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE, *yard.location, yard.runner.folder
    )
    build = await yard.start("web")
    await until(lambda: bool(processes("603.25")))
    worker.kill()
    await worker.wait()
    document = await yard.ended(build)
    await until(lambda: not processes("603.25"))
    assert document["buildStatus"] == "FAULT"
    assert phases(document)["BUILD"] == "FAULT"


ALONE = """
import asyncio, sys
from penstock.store.opening import Location
from penstock.worker import work
from penstock.worker.settings import RunnerSettings
async def main():
    await work(Location(*sys.argv[1:4]), RunnerSettings("host", sys.argv[4]),
               builds_at_once=1, name="alone", stopping=asyncio.Event())
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_what_a_killed_worker_has_left_is_removed(yard: Yard) -> None:
    """Whatever outlived it, its build's process too."""
    await yard.project("web", spec("true"))
    async with yard.worker():
        build = await yard.start("web")
        await yard.ended(build)
    folder = yard.folder / "builds" / str(build.uuid)
    (folder / "tmp").mkdir(parents=True)
    left = await asyncio.create_subprocess_exec(
        "sleep", "604.25", env={**os.environ, "CODEBUILD_BUILD_ID": build.id}
    )
    async with yard.worker():
        await until(lambda: not folder.exists())
        async with asyncio.timeout(PATIENCE):
            assert await left.wait() == -signal.SIGKILL


async def test_a_worker_that_is_to_stop_finishes_what_it_has_begun(yard: Yard) -> None:
    await yard.project("web", spec(f"while [ ! -e {yard.folder}/go ]; do sleep 0.02; done"))
    async with yard.worker(1) as stopping:
        first = await yard.start("web")
        await until(lambda: any((yard.folder / "builds").glob("*/src*")))
        stopping.set()
        second = await yard.start("web")
        (yard.folder / "go").touch()
        assert (await yard.ended(first))["buildStatus"] == "SUCCEEDED"
    assert (await yard.document(second))["currentPhase"] == "QUEUED"
    async with yard.worker():
        assert (await yard.ended(second))["buildStatus"] == "SUCCEEDED"


async def test_nothing_is_lost_while_the_database_is_away(yard: Yard) -> None:
    """Every line is there, and the build goes on meanwhile."""
    lines = 20_000
    counting = f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done"
    await yard.project("web", spec(f"touch {yard.folder}/begun; {counting}"))
    async with yard.worker():
        build = await yard.start("web")
        await until(lambda: (yard.folder / "begun").exists())
        async with yard.store.database.connect() as connection:
            for _ in range(3):
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        document = await yard.ended(build)
    assert document["buildStatus"] == "SUCCEEDED"
    printed = [line for line in await yard.log(document) if line.startswith("line ")]
    assert printed == [f"line {number}" for number in range(1, lines + 1)]


async def test_builds_run_at_the_same_time(yard: Yard) -> None:
    """Each waits for the other."""
    mine, other = f"{yard.folder}/$MINE", f"{yard.folder}/$OTHER"
    await yard.project("web", spec(f"touch {mine}; while [ ! -e {other} ]; do sleep 0.01; done"))
    async with yard.worker(2):
        started = [
            await yard.start("web", environmentVariablesOverride=variables(MINE=a, OTHER=b))
            for a, b in (("a", "b"), ("b", "a"))
        ]
        ended = [await yard.ended(build) for build in started]
    assert [document["buildStatus"] for document in ended] == ["SUCCEEDED"] * 2


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


async def test_a_build_has_credentials_of_its_role_while_it_runs(yard: Yard) -> None:
    """CB-110; the secret ones do not show in its log (CB-016)."""
    async with yard.store.database.transaction() as connection:
        await tell(connection, "endpoint", "http://127.0.0.1:4545")
    shown = "echo $AWS_ENDPOINT_URL $AWS_REGION; echo secret=$AWS_SECRET_ACCESS_KEY"
    key = f"printenv AWS_ACCESS_KEY_ID > {yard.folder}/key"
    async with yard.worker():
        document = await yard.built(spec(shown, key))
    log = await yard.log(document)
    assert "http://127.0.0.1:4545 us-east-1" in log
    assert "secret=***" in log
    found = await find_key(
        yard.store.database, yard.store.sealer, (yard.folder / "key").read_text().strip()
    )
    assert found is not None
    uuid = document["id"].partition(":")[2]
    assert found.principal.arn == (f"arn:aws:sts::{ACCOUNT}:assumed-role/build/AWSCodeBuild-{uuid}")
    assert found.revoked


async def test_variables_come_from_parameters_and_secrets(yard: Yard) -> None:
    """CB-011, CB-012, CB-013, CB-014: of the project and the buildspec, masked."""
    await yard.ask("ssm", "PutParameter", Name="/a", Value="from-a-parameter", Type="SecureString")
    await yard.ask(
        "secretsmanager", "CreateSecret", Name="db", SecretString='{"password": "hunter-two"}'
    )
    rest = "env:\n  parameter-store:\n    ONE: /a\n    TWO: /absent\n"
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [
            {"name": "TWO", "value": "db:password", "type": "SECRETS_MANAGER"}
        ],
    }
    compared = '[ "$ONE-$TWO" = from-a-parameter-hunter-two ] && echo "$ONE"'
    async with yard.worker():
        document = await yard.built(spec(f"'{compared}'", rest=rest), environment=environment)
    assert document["buildStatus"] == "SUCCEEDED"
    assert "***" in await yard.log(document)


async def test_a_missing_parameter_fails_download_source(yard: Yard) -> None:
    """CB-012"""
    async with yard.worker():
        document = await yard.built(
            spec("true", rest="env:\n  parameter-store:\n    ONE: /absent\n")
        )
    (context,) = document["phases"][3]["contexts"]
    assert context == {
        "statusCode": "Decrypted Variables Error",
        "message": "parameter does not exist: /absent",
    }


async def test_source_and_artifacts_are_in_s3(yard: Yard) -> None:
    """CB-150: an archive; CB-160, CB-161, CB-162: a ZIP whose name the buildspec gives."""
    await yard.bucket("in", **{"app.zip": zipped(**{"src/main.txt": b"text", "b.yml": SHIP})})
    await yard.bucket("out")
    await yard.project(
        "web",
        "",
        source={"type": "S3", "location": "in/app.zip", "buildspec": "b.yml"},
        artifacts={
            "type": "S3",
            "location": "out",
            "path": "p",
            "namespaceType": "BUILD_ID",
            "packaging": "ZIP",
            "overrideArtifactName": True,
        },
        secondaryArtifacts=[
            {"type": "S3", "location": "out", "name": "plain", "artifactIdentifier": "two"}
        ],
    )
    async with yard.worker():
        build = await yard.start("web")
        document = await yard.ended(build)
    assert document["buildStatus"] == "SUCCEEDED", document["phases"]
    artifacts = document["artifacts"]
    assert artifacts["location"] == f"arn:aws:s3:::out/p/{build.uuid}/named-1.zip"
    packed = await yard.read("out", f"p/{build.uuid}/named-1.zip")
    assert artifacts["sha256sum"] == hashlib.sha256(packed).hexdigest()
    assert zipfile.ZipFile(io.BytesIO(packed)).read("src/main.txt") == b"text"
    found = await find_object(yard.store, "out", f"p/{build.uuid}/named-1.zip")
    assert found.metadata["codebuild-buildarn"] == build.arn
    assert document["secondaryArtifacts"][0]["location"] == "arn:aws:s3:::out/plain"
    assert await yard.read("out", "plain/src/main.txt") == b"text"
    assert (await yard.log(document)).count("s3://in/app.zip") == 1


SHIP = b"""
version: 0.2
phases:
  build:
    commands:
      - echo $CODEBUILD_SOURCE_REPO_URL
artifacts:
  files: ["src/**/*"]
  name: named-$CODEBUILD_BUILD_NUMBER.zip
  secondary-artifacts:
    two:
      files: ["src/**/*"]
"""


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


async def test_a_source_may_be_a_folder_in_s3_with_others_beside_it(yard: Yard) -> None:
    """CB-154: and each has a folder of its own."""
    await yard.bucket("in", **{"a/one.txt": b"1", "b/two.txt": b"2"})
    async with yard.worker():
        document = await yard.built(
            "",
            source={
                "type": "S3",
                "location": "in/a/",
                "buildspec": spec("cat one.txt $CODEBUILD_SRC_DIR_other/two.txt"),
            },
            secondarySources=[{"type": "S3", "location": "in/b/", "sourceIdentifier": "other"}],
        )
    assert "12" in await yard.log(document)


async def test_an_artifact_may_come_from_a_secondary_source(yard: Yard) -> None:
    """CB-082, CB-154"""
    await yard.bucket("in", **{"a/one.txt": b"1", "b/two.txt": b"2"})
    await yard.bucket("out")
    buildspec = (
        "version: 0.2\nphases: {build: {commands: [':']}}\n"
        "artifacts: {base-directory: $CODEBUILD_SRC_DIR_other, files: ['*.txt']}\n"
    )
    async with yard.worker():
        await yard.built(
            "",
            source={"type": "S3", "location": "in/a/", "buildspec": buildspec},
            secondarySources=[{"type": "S3", "location": "in/b/", "sourceIdentifier": "other"}],
            artifacts={"type": "S3", "location": "out", "name": "app"},
        )
    keys = [key async for key in list_keys(yard.store, "out", "")]
    assert [key.rpartition("/")[2] for key in keys] == ["two.txt"]


async def test_a_source_is_a_git_repository(yard: Yard, repository: Repository) -> None:
    """CB-151: by branch, tag, commit, a branch at a commit, a pull request, or nothing."""
    versions = {
        "": "main",
        "side": "side",
        "refs/heads/side": "side",
        "v1": "main",
        repository.side[:10]: "side",
        repository.side: "side",
        f"refs/heads/side^{{{repository.side}}}": "side",
        "pr/7": "pull",
    }
    shown = "cat file; echo $CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_SRC_DIR"
    await yard.project(
        "web",
        "",
        source={
            "type": "GITHUB",
            "location": "https://github.com/ada/app.git",
            "buildspec": spec(shown),
        },
    )
    yard.runner = yard.runner._replace(
        source_rewrites={"https://github.com/": f"{repository.folder}/"}
    )
    async with yard.worker():
        for version, content in versions.items():
            document = await yard.ended(await yard.start("web", sourceVersion=version))
            log = await yard.log(document)
            assert content in log, (version, log)
            resolved = document["resolvedSourceVersion"]
            assert any(line.startswith(f"{resolved} ") for line in log)
            assert any(line.endswith("/src/github.com/ada/app") for line in log)
    assert await last_status(yard.store.database, ACCOUNT, REGION, "web", "refs/heads/main")


async def test_a_clone_is_as_deep_as_asked(yard: Yard, repository: Repository) -> None:
    """CB-152; CB-095: with a cache the second build fetches from it."""
    source = {
        "type": "GITHUB",
        "location": f"file://{repository.folder}/ada/app.git",
        "buildspec": spec("git rev-list --count HEAD"),
    }
    cache = {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}
    async with yard.worker():
        shallow = await yard.built("", source={**source, "gitCloneDepth": 1})
        assert "1" in await yard.log(shallow)
        await yard.project("deep", "", source=source, cache=cache)
        whole = await yard.ended(await yard.start("deep"))
        again = await yard.ended(await yard.start("deep"))
    assert "2" in await yard.log(whole)
    log = await yard.log(again)
    assert "2" in log
    assert any(line.endswith("The source cache of this machine is used") for line in log)


@pytest.mark.parametrize("wanted", [True, False])
async def test_submodules_are_fetched_when_asked_for(
    yard: Yard, repository: Repository, wanted: bool
) -> None:
    """CB-153"""
    repository.add_submodule("https://github.com/ada/app.git", at="parts/app", to="ada/whole.git")
    yard.runner = yard.runner._replace(
        source_rewrites={"https://github.com/": f"{repository.folder}/"}
    )
    source = {
        "type": "GITHUB",
        "location": "https://github.com/ada/whole.git",
        "gitSubmodulesConfig": {"fetchSubmodules": wanted},
        "buildspec": spec("cat parts/app/file || echo absent"),
    }
    async with yard.worker():
        log = await yard.log(await yard.built("", source=source))
    assert ("main" if wanted else "absent") in log


class Repository(NamedTuple):
    """`folder`/ada/app.git; `side` is a commit's id."""

    folder: Path
    side: str

    def add_submodule(self, url: str, *, at: str, to: str) -> None:
        """Makes repository `to`, which has the one at `url` as a submodule."""
        path = self.folder / to
        path.mkdir(parents=True)
        here = f"url.{self.folder}/.insteadOf=https://github.com/"
        for words in (
            ("init", "-q", "-b", "main"),
            ("-c", here, "-c", "protocol.file.allow=always", "submodule", "add", "-q", url, at),
            ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "-"),
        ):
            subprocess.run(["git", *words], cwd=path, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    path = tmp_path / "repositories" / "ada" / "app.git"
    path.mkdir(parents=True)

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        ran = subprocess.run(
            ["git", *identity, *arguments], cwd=path, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(content: str) -> str:
        (path / "file").write_text(f"{content}\n")
        git("add", "file")
        git("commit", "-q", "-m", content)
        return git("rev-parse", "HEAD")

    git("init", "-q", "-b", "main")
    commit("first")
    commit("main")
    git("tag", "v1")
    git("checkout", "-q", "-b", "side")
    side = commit("side")
    git("checkout", "-q", "--detach")
    git("update-ref", "refs/pull/7/head", commit("pull"))
    git("checkout", "-q", "main")
    return Repository(tmp_path / "repositories", side)


@pytest.mark.parametrize("kind", ["S3", "LOCAL"])
async def test_a_cache_is_there_for_the_next_build(yard: Yard, kind: str) -> None:
    """CB-090, CB-096: until it is invalidated."""
    await yard.bucket("caches")
    cache = {"S3": {"type": "S3", "location": "caches/p"}}.get(
        kind, {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}
    )
    command = "if [ -e kept/file ]; then echo warm; else mkdir kept; touch kept/file; fi"
    buildspec = spec(command, rest="cache:\n  paths: ['kept/**/*']\n")
    await yard.project("web", buildspec, cache=cache)
    async with yard.worker():
        logs = []
        for _ in range(2):
            logs.append(await yard.log(await yard.ended(await yard.start("web"))))
        await invalidate_cache(yard.store.database, ACCOUNT, REGION, "web")
        logs.append(await yard.log(await yard.ended(await yard.start("web"))))
    assert ["warm" in log for log in logs] == [False, True, False]


async def test_a_log_may_go_to_s3_alone(yard: Yard) -> None:
    """CB-120"""
    await yard.bucket("logs")
    config = {
        "cloudWatchLogs": {"status": "DISABLED"},
        "s3Logs": {"status": "ENABLED", "location": "logs/ci"},
    }
    async with yard.worker():
        document = await yard.built(spec("echo there"), logsConfig=config)
    uuid = document["id"].partition(":")[2]
    assert document["logs"]["s3LogsArn"] == f"arn:aws:s3:::logs/ci/{uuid}.gz"
    assert "groupName" not in document["logs"]
    text = gzip.decompress(await yard.read("logs", f"ci/{uuid}.gz")).decode()
    assert "\nthere\n\n" in text


async def test_reports_and_exported_variables_are_recorded(yard: Yard) -> None:
    """CB-015, CB-070"""
    junit = '<testsuite><testcase name=\\"a\\" classname=\\"b\\"/></testsuite>'
    rest = "env:\n  exported-variables: [OUT]\nreports:\n  units:\n    files: [report.xml]\n"
    async with yard.worker():
        document = await yard.built(
            spec(f"\"echo '{junit}' > report.xml\"", "export OUT=value", rest=rest)
        )
    assert document["exportedEnvironmentVariables"] == [{"name": "OUT", "value": "value"}]
    (arn,) = document["reportArns"]
    assert ":report/web-units:" in arn


async def test_a_failed_build_is_retried_by_itself(yard: Yard) -> None:
    """CB-139: as often as its limit says, each telling of the next."""
    await yard.project("web", spec("false"), autoRetryLimit=1)
    async with yard.worker():
        first = await yard.ended(await yard.start("web"))
        following = first["autoRetryConfig"]["nextAutoRetry"]
        uuid = UUID(following.rpartition(":")[2])
        second = await yard.ended(BuildName(ACCOUNT, REGION, "web", uuid))
    assert second["autoRetryConfig"] == {
        "autoRetryLimit": 1,
        "autoRetryNumber": 1,
        "previousAutoRetry": first["arn"],
    }
    assert second["buildNumber"] == 2


async def test_a_build_that_cannot_be_begun_does_not_wait_for_ever(yard: Yard) -> None:
    async with yard.worker():
        document = await yard.built(spec("true"), serviceRole="arn:aws:iam::000000000000:role/ ")
    assert document["buildStatus"] == "FAULT"


async def test_a_build_may_not_run_on_a_host_that_is_not_for_builds(yard: Yard) -> None:
    yard.runner = yard.runner._replace(allow_host=False)
    async with yard.worker():
        document = await yard.built(spec("true"))
    assert document["buildStatus"] == "FAILED"
    assert phases(document)["PROVISIONING"] == "FAILED"


@pytest.mark.docker
async def test_a_build_runs_in_a_container_of_its_image(yard: Yard, image: str) -> None:
    """CB-112, CB-164"""
    yard.runner = yard.runner._replace(
        where="container", images={"aws/codebuild/standard:7.0": image}
    )
    async with yard.worker():
        document = await yard.built(spec("pwd", "echo $CODEBUILD_BUILD_IMAGE"))
    log = await yard.log(document)
    assert document["buildStatus"] == "SUCCEEDED", log
    assert any(re.fullmatch(r"/codebuild/output/src\d{9}/src", line) for line in log)
    assert "aws/codebuild/standard:7.0" in log


@pytest.mark.docker
async def test_an_image_that_is_not_there_fails_provisioning(yard: Yard) -> None:
    """CB-042"""
    yard.runner = yard.runner._replace(where="container")
    async with yard.worker():
        document = await yard.built(spec("true"))
    (context,) = document["phases"][2]["contexts"]
    assert context["statusCode"] == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    assert list(phases(document))[2:] == ["PROVISIONING", "COMPLETED"]
