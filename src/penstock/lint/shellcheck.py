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
    "SC1072": "says only that a syntax error was found: SC1073 says which",
    "SC1090": "follows `source $FILE`, which only the build has",
    "SC1091": "follows `source file`, likewise",
    "SC1128": "wants the shebang first; CodeBuild puts lines above every command",
    "SC2034": "an unused variable: the next command may use it, the shell is shared",
    "SC2154": "an unset variable: an earlier command, the project or CodeBuild sets it",
    "SC2164": "`cd` without `|| exit`: a command that fails stops the phase by itself",
    "SC2103": "`cd ..` instead of a subshell: a taste",
    "SC2046": "unquoted `$(...)`: lists of images or options are meant to be split",
    "SC2091": "`$(aws ecr get-login)` runs what it prints, on purpose",
    "SC2155": "`export A=$(...)`: a taste, and in nearly every buildspec there is",
    "SC2163": "`export $NAME`: meant, where a file of settings is read",
    "SC1083": "a literal `{` or `}`: JMESPath queries and Go templates are full of them",
}
_DIALECTS = {"sh": "dash", "bash": "bash"}
_SAID = {"bashism": "SC3", "comment-cuts-command": "SC1"}
"""Which thousand of shellcheck's numbers a rule of lint speaks for on its line."""

_SECONDS = 60
_PER_PROCESS = 1500


class _Place(NamedTuple):
    """A command that holds a script. The same script may stand in many files."""

    subject: Subject
    step: Step


_Scripts = dict[str, list[_Place]]
"""The places of each script, by its text."""


class _Run(NamedTuple):
    """A process at work: it was handed `scripts`, called "0", "1"... in order."""

    process: subprocess.Popen[bytes]
    output: str
    scripts: Sequence[str]


def program() -> str | None:
    """shellcheck beside the running Python, where the extra puts it, else from PATH."""
    beside = os.path.dirname(os.path.abspath(sys.executable))
    return shutil.which("shellcheck", path=beside) or shutil.which("shellcheck")


def check(subjects: Sequence[Subject], known: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What shellcheck finds, or nothing where it is not installed.

    What rules of lint have said of the same line already is left out.
    """
    executable = program()
    if executable is None:
        return
    said = {(_SAID[one.rule], one.file, one.at.line) for one in known if one.rule in _SAID}
    with tempfile.TemporaryDirectory(prefix="penstock-lint-") as folder:
        for scripts, run in _start_all(executable, folder, subjects):
            for diagnostic in _collect(scripts, run):
                if (diagnostic.rule[:3], diagnostic.file, diagnostic.at.line) not in said:
                    yield diagnostic


def _start_all(
    executable: str, folder: str, subjects: Sequence[Subject]
) -> list[tuple[_Scripts, _Run]]:
    """Processes side by side; one can take hundreds of scripts."""
    runs = []
    for shell, dialect in _DIALECTS.items():
        scripts = _scripts(subjects, shell)
        texts = list(scripts)
        share = max(1, min(_PER_PROCESS, -(-len(texts) // (os.cpu_count() or 1))))
        for first in range(0, len(texts), share):
            own = os.path.join(folder, f"{shell}-{first}")
            os.mkdir(own)
            command = [executable, "--norc", "--format=json1", "--severity=warning"]
            command += [f"--shell={dialect}", f"--exclude={','.join(_EXCLUDED)}"]
            runs.append((scripts, _start(command, own, texts[first : first + share])))
    return runs


def _scripts(subjects: Sequence[Subject], shell: str) -> _Scripts:
    scripts: _Scripts = {}
    for subject in subjects:
        for step in subject.steps if subject.shell == shell else ():
            if step.calls:
                scripts.setdefault(step.command.text, []).append(_Place(subject, step))
    return scripts


def _start(command: list[str], folder: str, scripts: Sequence[str]) -> _Run:
    for number, script in enumerate(scripts):
        with open(os.path.join(folder, str(number)), "wb") as file:
            file.write(script.encode("utf-8", "replace"))
    names = [str(number) for number in range(len(scripts))]
    output = os.path.join(folder, "output")
    with open(output, "wb") as out:
        process = subprocess.Popen(
            [*command, *names], cwd=folder, stdout=out, stderr=subprocess.DEVNULL
        )
    return _Run(process, output, scripts)


def _collect(scripts: _Scripts, run: _Run) -> Iterator[Diagnostic]:
    try:
        run.process.wait(_SECONDS)
        with open(run.output, "rb") as file:
            comments = json.load(file)["comments"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        run.process.kill()
        run.process.wait()
        subject = scripts[run.scripts[0]][0].subject
        why = f"shellcheck ended with status {run.process.returncode} and no result"
        at = Position(1, 1)
        yield Diagnostic(subject.file, at, "shellcheck-failed", Severity.INFO, why)
        return
    for comment in comments:
        script = run.scripts[int(comment["file"])]
        for place in scripts[script]:
            yield _diagnostic(place, comment)


def _diagnostic(place: _Place, comment: dict[str, Any]) -> Diagnostic:
    subject, command = place.subject, place.step.command
    lines = command.text.split("\n")
    line, column = comment["line"], comment["column"]
    # In json1 a tab is one column, as here.
    offset = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    at = subject.place(command, min(offset, len(command.text)))
    rule = f"SC{comment['code']}"
    hint = f"https://www.shellcheck.net/wiki/{rule}"
    return Diagnostic(subject.file, at, rule, Severity.WARNING, comment["message"], hint)
