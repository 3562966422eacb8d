"""What cfn-lint finds in templates (extra `penstock[lint]`), beside what rules of ours find.

It runs as a process of its own, while ours look at the same files: its import alone takes longer
than they do. Its own settings (`.cfnlintrc`, Metadata of a template) count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from penstock.documents.diagnostics import Diagnostic, Position, Severity

_PROGRAM = "from cfnlint.runner import main; main()"
_SECONDS = 300
_LEVELS = {"Error": Severity.ERROR, "Warning": Severity.WARNING, "Informational": Severity.INFO}
_EXCLUDED = {
    "E3700": "pipelines: the rules here know more of them",
    "E3701": "likewise",
    "E3702": "likewise",
    "E3703": "likewise; it takes the roles of generated pipelines for a mistake",
    "W3005": "a DependsOn that a reference implies: generated templates are full of them",
}
_OURS = {
    "E0000": ("json-syntax", "yaml-syntax", "duplicate-key", "template-tag", "template-alias"),
    "E1001": ("template-format",),
    "E1010": ("unresolved-reference", "unknown-attribute"),
    "E1012": ("unresolved-reference",),
    "E1019": ("unresolved-reference", "bad-function", "unknown-attribute"),
    "E1020": ("unresolved-reference",),
    "E1028": ("unresolved-condition", "bad-function"),
    "E3002": ("unknown-property",),
    "E3003": ("missing-property",),
    "E3004": ("circular-dependency",),
    "E3005": ("unresolved-reference",),
    "E3006": ("unknown-type",),
    "E8002": ("unresolved-condition",),
    "W2001": ("unused-parameter",),
    "W2501": ("shown-secret",),
}
"""The rules of ours that find the same as one of cfn-lint's."""


class CfnLint:
    """cfn-lint at work on files. Collecting waits for its end."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = tuple(files)
        # -P: what is in the current folder is no library.
        command = [sys.executable, "-P", "-c", _PROGRAM, "--format", "json", "--", *files]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def collect(self, known: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Its findings, without those that are `known`."""
        said = {(one.file, one.at.line, one.rule) for one in known}
        try:
            output, _ = self._process.communicate(timeout=_SECONDS)
            matches = json.loads(output)
        except (subprocess.TimeoutExpired, ValueError):
            self._process.kill()
            self._process.communicate()
            why = f"cfn-lint ended with status {self._process.returncode} and no result"
            at = Position(1, 1)
            yield Diagnostic(self._files[0], at, "cfn-lint-failed", Severity.INFO, why)
            return
        names = {os.path.normpath(file): file for file in self._files}
        for match in matches:
            file = names.get(os.path.normpath(match["Filename"]))
            if file is None or match["Rule"]["Id"] in _EXCLUDED:
                continue
            one = _diagnostic(file, match)
            ours = _OURS.get(one.rule.rpartition("/")[2], ())
            if not any((one.file, one.at.line, rule) in said for rule in ours):
                yield one


def is_installed() -> bool:
    return find_spec("cfnlint") is not None


def _diagnostic(file: str, match: dict[str, Any]) -> Diagnostic:
    start, rule = match["Location"]["Start"], match["Rule"]["Id"]
    at = Position(start["LineNumber"], start["ColumnNumber"])
    message = " ".join(str(match["Message"]).split())
    level = _LEVELS.get(match["Level"], Severity.WARNING)
    return Diagnostic(file, at, f"cfn-lint/{rule}", level, message)
