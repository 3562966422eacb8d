"""CB-052, CB-054: a version the image does not hold is installed at the start of each build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.rules.runtime import RUNTIMES
from penstock.lint.subject import Subject

_NUMBER = re.compile(r"(?:corretto)?\d+(?:\.\d+)*")


@rule(
    id="uninstalled-runtime",
    severity=Severity.INFO,
    summary="A version no maintained standard image holds: each build installs it, or fails to.",
    bad="""
version: 0.2
phases:
  install:
    runtime-versions:
      python: 3.7
  build:
    commands:
      - make
""",
    good="""
version: 0.2
phases:
  install:
    runtime-versions:
      python: 3.13
  build:
    commands:
      - make
""",
)
def uninstalled_runtime(subject: Subject) -> Iterator[Finding]:
    for name, version, at in subject.buildspec.phase("install").runtime_versions:
        known = RUNTIMES.get(name, ())
        if known and _NUMBER.fullmatch(version) and not _installed(version, known):
            message = f"no maintained standard image holds {name} {version}"
            yield Finding(at, message, f"{', '.join(known)} need no installation")


def _installed(version: str, known: tuple[str, ...]) -> bool:
    """`20.11` counts as `20`, `8` as `8.0`: near enough to be chosen on purpose."""
    return any(
        version == choice or version.startswith(f"{choice}.") or choice.startswith(f"{version}.")
        for choice in known
    )
