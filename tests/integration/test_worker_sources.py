"""Where a worker's builds have their source from, and where they put their artifacts."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from penstock.store.builds import last_status
from penstock.store.objects import find_object, list_keys

from .yard import ACCOUNT, REGION, Yard, spec

pytestmark = pytest.mark.anyio


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


MADE = "{version: 0.2, phases: {build: {commands: [touch made]}}, artifacts: {files: [made]}}"


@pytest.mark.parametrize(
    "foreign",
    [
        {"source": {"type": "S3", "location": "theirs/app.zip"}},
        {"source": {"type": "S3", "location": "theirs/folder/"}},
        {"source": {"type": "NO_SOURCE", "buildspec": "arn:aws:s3:::theirs/b.yml"}},
        {"artifacts": {"type": "S3", "location": "theirs", "packaging": "ZIP"}},
        {"artifacts": {"type": "S3", "location": "theirs"}},
    ],
)
async def test_another_accounts_bucket_is_closed_to_builds(
    yard: Yard, foreign: dict[str, dict[str, str]]
) -> None:
    contents = {"app.zip": zipped(secret=b"s"), "folder/secret": b"s", "b.yml": SHIP}
    await yard.bucket("theirs", **contents)
    await yard.store.database.execute("UPDATE buckets SET account = '111111111111'")
    source = {"type": "NO_SOURCE", "buildspec": MADE}
    await yard.project("web", "", **{"source": source, **foreign})
    async with yard.worker():
        document = await yard.ended(await yard.start("web"))
    assert document["buildStatus"] == "FAILED"
    failed = [one for one in document["phases"] if one.get("phaseStatus") == "FAILED"]
    assert "AccessDenied" in failed[0]["contexts"][0]["message"]
    assert [key async for key in list_keys(yard.store, "theirs", "")] == sorted(contents)
