"""The programs that are measured, all from the environment this Python runs in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
PENSTOCK = str(BIN / "penstock")
ACT = (str(BIN / "act"), "push", "-P", "ubuntu-latest=-self-hosted")
PYTHON = sys.executable
BASH = shutil.which("bash") or "/bin/bash"


class Folder:
    """A git repository to run in; the programs keep their caches and settings beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "repository"
        self.path.mkdir(parents=True)
        home = path / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.environ: Mapping[str, str] = {**kept, "HOME": str(home)}

    def write(self, files: Mapping[str, str]) -> Folder:
        """Puts the files into the repository and commits them."""
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
        for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "files")):
            subprocess.run(("git", *words), cwd=self.path, check=True, env=self.environ)
        return self

    def seconds(self, command: Sequence[str], output: str = os.devnull) -> float:
        """How long a command takes, its output going into a file. Raises CalledProcessError."""
        with open(output, "wb") as file:
            began = time.perf_counter()
            subprocess.run(
                command,
                cwd=self.path,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            return time.perf_counter() - began

    def milliseconds(self, commands: Mapping[str, Sequence[str]]) -> dict[str, Callable[[], float]]:
        """What measures each of the named commands."""

        def measure(command: Sequence[str]) -> Callable[[], float]:
            return lambda: self.seconds(command) * 1000

        return {name: measure(command) for name, command in commands.items()}


def buildspec(commands: Sequence[str], head: str = "") -> str:
    """A buildspec whose BUILD phase has these commands; `head` stands before `phases`."""
    lines = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"version: 0.2\n{head}phases:\n  build:\n    commands:\n{lines}"


def workflow(commands: Sequence[str]) -> str:
    """The same for act."""
    lines = "".join(f"      - run: {json.dumps(command)}\n" for command in commands)
    return f"on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{lines}"


WORKFLOW = ".github/workflows/build.yml"
