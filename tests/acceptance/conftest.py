"""The real program, in a folder of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Ran(NamedTuple):
    """What a run of penstock came to."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The result that `--json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def phases(self) -> dict[str, str]:
        return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in self.result["phases"]}


class Project:
    """A folder with a buildspec, and the program to run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder.parent / "home"
        self.home.mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def buildspec(self, *commands: str, **phases: Sequence[str]) -> None:
        """A version 0.2 buildspec with these commands in build, and those of other phases."""
        spec = {"version": 0.2, "phases": {"build": {"commands": list(commands)}}}
        spec["phases"] |= {name: {"commands": list(texts)} for name, texts in phases.items()}  # type: ignore[operator]
        self.write("buildspec.yml", json.dumps(spec))

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        source = Path(__file__).parents[2] / "src"
        own = {"HOME": str(self.home), "PYTHONPATH": str(source), "LANG": "C.UTF-8"}
        return kept | own | dict(extra or {})

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "penstock", *arguments]

    def penstock(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        out = done.stdout.decode("utf-8", "surrogateescape")
        return Ran(done.returncode, out, done.stderr.decode("utf-8", "surrogateescape"))

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        return self.penstock("run", *arguments, env=env)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "web"
    folder.mkdir()
    return Project(folder)


@pytest.fixture
def lines_of(project: Project) -> Callable[..., list[str]]:
    """Runs commands in build, and gives what they printed, line by line."""

    def run(*commands: str, options: Sequence[str] = ()) -> list[str]:
        project.buildspec(*commands)
        ran = project.run("--log-format", "json", *options)
        events = [json.loads(line) for line in ran.out.splitlines()]
        text = "".join(event["text"] for event in events if event["event"] == "output")
        return text.splitlines()

    return run
