"""The CDK's own CLI, through AWS_ENDPOINT_URL: an app in Python is deployed, changed, destroyed.

The app is in the folder cdk_app, as people have such apps.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from ..needs import lacking
from .aws_tools import Tool, end, good
from .conftest import Installation
from .test_git_push import Worktree

APP = Path(__file__).parent / "cdk_app"
Until = Callable[..., Any]


class Cdk(Tool):
    """The CDK's CLI."""

    def __init__(self, tools: Path, installation: Installation, home: Path) -> None:
        super().__init__(
            str(tools / "node_modules" / ".bin" / "cdk"),
            APP,
            installation,
            home,
            PATH=f"{tools / 'python' / 'bin'}:{os.environ['PATH']}",
            NO_COLOR="1",
            CDK_DISABLE_CLI_TELEMETRY="true",
            CDK_DISABLE_VERSION_CHECK="1",
            JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(tools / "jsii"),  # unpacking takes seconds
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return super().begin(*words, "--no-notices")

    def again(self, *words: str) -> str:
        """A command on what has been synthesized, which is sooner done."""
        return self(*words, "--app", "cdk.out")

    def deploy(self, assembly: str) -> dict[str, dict[str, str]]:
        """All stacks of it; their outputs."""
        given = ("--all", "--require-approval", "never", "--outputs-file", "outputs.json")
        self("deploy", *given, "--app", assembly)
        outputs: dict[str, dict[str, str]] = json.loads((self.folder / "outputs.json").read_text())
        return outputs


@pytest.fixture
def tools() -> Path:
    folder = Path(os.environ.get("CDK_TOOLS") or "/nowhere")
    if not (folder / "node_modules" / ".bin" / "cdk").exists() or shutil.which("node") is None:
        raise lacking("the CDK's CLI, or node, is not here (CDK_TOOLS)")
    return folder


class Site:
    """The site of the app, and the repository whose pushes release it."""

    def __init__(
        self, installation: Installation, work: Worktree, outputs: dict[str, dict[str, str]]
    ) -> None:
        self._s3 = installation.client("s3")
        self._pipelines = installation.client("codepipeline")
        self._work = work
        self._outputs = outputs
        self.bucket = outputs["Site"]["BucketName"]

    def push(self, name: str) -> None:
        self._work.commit(name=name)
        self._work.git("push", "-q", self._outputs["Release"]["CloneUrl"], "main")

    def runs(self) -> list[dict[str, Any]]:
        name = self._outputs["Release"]["PipelineName"]
        found = self._pipelines.list_pipeline_executions(pipelineName=name)
        return list(found["pipelineExecutionSummaries"])

    def ended(self, before: int) -> dict[str, Any] | None:
        """The newest execution, once there are more than before and it has ended."""
        runs = self.runs()
        return runs[0] if len(runs) > before and runs[0]["status"] != "InProgress" else None

    def released(self, name: str, until: Until) -> str:
        """The page after a push, which starts the pipeline."""
        before = len(self.runs())
        self.push(name)
        run = until(lambda: self.ended(before))
        assert run["status"] == "Succeeded", run
        assert run["trigger"]["triggerType"] == "CloudWatchEvent"
        return self.read(self.bucket, "index.html")

    def read(self, bucket: str, key: str) -> str:
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body.decode()

    def licence(self) -> str:
        """What stands at the address of the published file."""
        return self.read(*self._outputs["Site"]["LicenceUrl"].removeprefix("s3://").split("/", 1))

    def empty(self) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key="index.html")


def statuses(installation: Installation) -> dict[str, str]:
    """Of the stacks that are there, by name."""
    found = installation.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in found}


def faults(installation: Installation) -> list[str]:
    """Requests that were answered with a fault of the server's, or that it lacks something."""
    with urlopen(f"{installation.endpoint}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return [line for line in lines if line.startswith("penstock_requests_") and 'status="5' in line]


def test_an_app_is_bootstrapped_deployed_changed_and_destroyed(
    tools: Path,
    install: Callable[..., Installation],
    tmp_path: Path,
    until: Until,
) -> None:
    """TG-110, TG-120, CP-101: nothing that the CLI asks is missing."""
    installation = install("--runner-where", "host").start()
    cdk = Cdk(tools, installation, tmp_path)
    unprepared = cdk.ask("deploy", "--all", "--require-approval", "never")
    assert unprepared.code == 1
    assert "Has the environment been bootstrapped?" in unprepared.text
    changed = ("--context", "greeting=Welcome", "--output", "welcome.out")
    synthesis = cdk.begin("synth", "--quiet", *changed)  # takes long, beside others that wait
    assert "bootstrapped." in cdk.again("bootstrap")
    assert cdk.again("list").split() == ["Site", "Release"]
    new = cdk.ask("diff", "--fail", "--app", "cdk.out")
    assert new.code == 1
    assert "[+] AWS::CodePipeline::Pipeline" in new.text

    site = Site(installation, Worktree(tmp_path / "work"), cdk.deploy("cdk.out"))
    kept = {"CDKToolkit": "CREATE_COMPLETE"}
    assert statuses(installation) == dict.fromkeys(("Site", "Release", *kept), "CREATE_COMPLETE")
    assert site.licence() == (APP / "licence.txt").read_text()
    assert site.released("Ada", until) == "Hello, Ada\n"
    assert "There were no differences" in cdk.again("diff", "--fail")

    good(end(synthesis))
    assert "hotswapped!" in cdk("deploy", "Release", "--hotswap", "--app", "welcome.out")
    assert site.released("Joan", until) == "Welcome, Joan\n"
    cdk.deploy("welcome.out")
    assert statuses(installation)["Release"] == "UPDATE_COMPLETE"
    assert site.released("Grace", until) == "Welcome, Grace\n"
    assert cdk("deploy", "--all", "--app", "welcome.out").count("(no changes)") == 2

    site.empty()
    assert cdk.again("destroy", "--all", "--force").count(": destroyed") == 2
    assert statuses(installation) == kept
    assert faults(installation) == []
