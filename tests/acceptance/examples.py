"""Copies of the examples, built as their users build them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..needs import lacking
from .aws_cli import program_of
from .conftest import Installation, Project, Ran

EXAMPLES = Path(__file__).parents[2] / "examples"
MADE = (
    "node_modules", ".venv", "cdk.out", "build", "dist", "site", "reports", "coverage",
    "__pycache__",
)  # fmt: skip


class Example(Project):
    """A copy of an example. What its builds fetch and cache is in `packages`, for all copies."""

    def __init__(self, name: str, folder: Path, packages: Path) -> None:
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                raise lacking(f"{program} is not installed")
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(*MADE))
        super().__init__(folder)
        self._options = ("--json", "--name", name, "--cache", str(packages / "cache"))
        self.fetched = {
            "npm_config_cache": str(packages / "npm"),
            "PIP_CACHE_DIR": str(packages / "pip"),
        }

    def build(self, *options: str) -> Ran:
        return self.run(*self._options, *options, env=self.fetched)

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        self.write(file, text.replace(old, new, 1))


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled by the first build of a session, and for all processes of it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packages"
    folder.mkdir(exist_ok=True)
    return folder


class Team:
    """Somebody at a shell in the folder of an example, after `eval "$(penstock env)"`."""

    def __init__(self, installation: Installation, folder: Path, **variables: str) -> None:
        self.installation = installation
        self.folder = folder
        # Version 1 reads AWS_ENDPOINT_URL, so that commands stay as the teams have them.
        path = [os.path.dirname(program_of(1)), os.environ["PATH"]]
        own = {"PATH": ":".join(path), "HOME": str(installation.home), "AWS_PAGER": ""}
        self._pipelines = installation.client("codepipeline")
        self.environment = own | {"LANG": "C.UTF-8"} | installation.variables | variables

    def ask(self, commands: str) -> tuple[int, str]:
        """The exit status of commands, and all that they print."""
        done = subprocess.run(
            ("bash", "-euo", "pipefail", "-c", commands),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout

    def __call__(self, commands: str) -> str:
        """What commands print that succeed."""
        code, said = self.ask(commands)
        assert code == 0, said
        return said.strip()

    def read(self, command: str) -> Any:
        return json.loads(self(command))

    def stages(self, pipeline: str) -> dict[str, str]:
        """What became of each stage so far. Asked by boto3, which takes nothing from the builds."""
        state = self._pipelines.get_pipeline_state(name=pipeline)
        return {
            stage["stageName"]: stage.get("latestExecution", {}).get("status", "")
            for stage in state["stageStates"]
        }

    def has_succeeded(self, pipeline: str, stage: str) -> bool:
        """Whether a stage has; that another one failed is told at once."""
        stages = self.stages(pipeline)
        if "Failed" in stages.values():
            found = self._pipelines.list_action_executions(pipelineName=pipeline)
            details = found["actionExecutionDetails"]
            raise AssertionError([one for one in details if one["status"] == "Failed"])
        return stages[stage] == "Succeeded"

    def triggers(self, pipeline: str) -> list[str]:
        """What started its executions, the newest first."""
        found = self._pipelines.list_pipeline_executions(pipelineName=pipeline)
        return [run["trigger"]["triggerType"] for run in found["pipelineExecutionSummaries"]]

    def close(self, pipeline: str, stage: str) -> None:
        """No execution enters a stage any more."""
        self(
            f"aws codepipeline disable-stage-transition --pipeline-name {pipeline} --reason wait"
            f" --stage-name {stage} --transition-type Inbound"
        )

    def commit(self, branch: str) -> None:
        """All that is in the folder, as the first commit of a branch."""
        self(f"git init -q -b {branch} && git add .")
        self("git -c user.name=Ada -c user.email=ada@example.com commit -q -m First")
