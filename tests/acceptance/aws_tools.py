"""Tools of AWS's besides its CLI, each in a copy of what it is to deploy."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from .conftest import Installation

SECONDS = "240"
"""How long a command may take."""


class Said(NamedTuple):
    """What a command came to, and all that it printed."""

    code: int
    text: str


class Tool:
    """A program in a copy of a folder, with what `penstock env` prints."""

    def __init__(
        self, program: str, source: Path, installation: Installation, home: Path, **extra: str
    ) -> None:
        self.folder = shutil.copytree(source, home / "app")
        self._program = program
        own = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        self._environment = own | installation.variables | extra

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A command that is not waited for yet."""
        return subprocess.Popen(
            ("timeout", SECONDS, self._program, *words),
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self, *words: str) -> Said:
        return end(self.begin(*words))

    def __call__(self, *words: str) -> str:
        """What a command that succeeds prints."""
        return good(self.ask(*words))


def end(command: subprocess.Popen[str]) -> Said:
    text, _ = command.communicate()
    return Said(command.returncode, text)


def good(said: Said) -> str:
    assert said.code == 0, said.text
    return said.text
