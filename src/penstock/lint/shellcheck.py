"""Shell mistakes in commands, found by the program shellcheck (extra `penstock[lint]`).

Each command is a script of its own, as in CodeBuild, and all scripts of all files go to a handful
of processes. What shellcheck then cannot know is left out by `_EXCLUDED`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.lint.subject import Step, Subject

_EXCLUDED = {
    "SC1090": "follows `source $FILE`, which only the build has",
    "SC1091": "follows `source file`, likewise",
    "SC1128": "wants the shebang first; CodeBuild puts lines above every command",
    "SC2034": "an unused variable: the next command may use it, the shell is shared",
    "SC2154": "an unset variable: an earlier command, the project or CodeBuild sets it",
    "SC2164": "`cd` without `|| exit`: a command that fails stops the phase by itself",
    "SC2103": "`cd ..` instead of a subshell: a taste",
    "SC2046": "unquoted `$(...)`: lists of images or options are meant to be split",
    "SC2155": "`export A=$(...)`: a taste, and in nearly every buildspec there is",
    "SC2163": "`export $NAME`: meant, where a file of settings is read",
    "SC1083": "a literal `{` or `}`: JMESPath queries and Go templates are full of them",
}
_DIALECTS = {"sh": "dash", "bash": "bash"}
_SECONDS = 60
_PER_PROCESS = 1500
_OWN_NUMBERS = range(3000, 4000)


class _Script(NamedTuple):
    subject: Subject
    step: Step


def program() -> str | None:
    """shellcheck beside the running Python, where the extra puts it, else from PATH."""
    beside = os.path.dirname(os.path.abspath(sys.executable))
    return shutil.which("shellcheck", path=beside) or shutil.which("shellcheck")


def check(subjects: Sequence[Subject], known: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What shellcheck finds; portability problems on lines where rule `bashism` has spoken are
    left out. Nothing where shellcheck is not installed."""
    executable = program()
    scripts = [_Script(subject, step) for subject in subjects for step in subject.steps]
    scripts = [script for script in scripts if script.step.calls]
    if executable is None or not scripts:
        return
    spoken = {(one.file, one.at.line) for one in known if one.rule == "bashism"}
    with tempfile.TemporaryDirectory(prefix="penstock-lint-") as folder:
        runs = list(_start(executable, folder, scripts))
        for process, names in runs:
            yield from _collect(process, [scripts[name] for name in names], spoken, scripts)


def _start(
    executable: str, folder: str, scripts: Sequence[_Script]
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Processes side by side, each with some of the scripts, named by their number."""
    for shell, dialect in _DIALECTS.items():
        numbers = [n for n, script in enumerate(scripts) if script.subject.shell == shell]
        for number in numbers:
            path = os.path.join(folder, str(number))
            with open(path, "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(scripts[number].step.command.text)
        share = max(1, min(_PER_PROCESS, -(-len(numbers) // (os.cpu_count() or 1))))
        for first in range(0, len(numbers), share):
            part = numbers[first : first + share]
            command = [executable, "--norc", "--format=json1", "--severity=warning"]
            command += [f"--shell={dialect}", f"--exclude={','.join(_EXCLUDED)}"]
            command += map(str, part)
            with open(os.path.join(folder, f"{shell}{first}.json"), "wb") as out:
                process = subprocess.Popen(
                    command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL
                )
            yield process, part
