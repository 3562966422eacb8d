"""CB-031: what AWS's documentation asks of a command that goes on in the background."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_DETACHERS = frozenset({"nohup", "setsid"})
_WAITERS = frozenset({"wait", "disown", "fg"})


@rule(
    id="background-command",
    severity=Severity.INFO,
    summary="A command left in the background without `nohup`.",
    bad="""
version: 0.2
phases:
  pre_build:
    commands:
      - ./server --port 8080 &
  build:
    commands:
      - make test
""",
    good="""
version: 0.2
phases:
  pre_build:
    commands:
      - nohup ./server --port 8080 &
  build:
    commands:
      - make test
""",
)
def background_command(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        outer = [call for call in step.calls if not call.depth and not call.block]
        last = outer[-1] if outer else None
        if not last or last.ends != "&" or not last.words or last.program in _WAITERS:
            continue
        if _DETACHERS.isdisjoint(last.words[:2]):
            message = "this need not outlive its own command"
            hint = "start it with `nohup` so that later commands find it running"
            yield Finding(subject.place(step.command, last.at), message, hint)
