"""CB-005, CB-213: version 0.1 runs each command in a shell of its own."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_LASTING = frozenset({"cd", "export"})


@rule(
    id="lost-in-0-1",
    severity=Severity.WARNING,
    summary="A `cd` or `export` in version 0.1, where the next command knows nothing of it.",
    bad="""
version: 0.1
phases:
  build:
    commands:
      - cd app
      - make
""",
    good="""
version: 0.1
phases:
  build:
    commands:
      - cd app && make
""",
)
def lost_in_0_1(subject: Subject) -> Iterator[Finding]:
    if subject.buildspec.version != "0.1":
        return
    for step in subject.steps:
        outer = [call for call in step.calls if not call.depth]
        if not outer or any(call.words and call.program not in _LASTING for call in outer):
            continue
        message = "version 0.1 runs each command in a new shell: this has no effect on the next"
        hint = "write `version: 0.2`, or join the commands with `&&`"
        yield Finding(step.command.at, message, hint)
