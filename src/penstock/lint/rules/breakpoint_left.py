"""CB-183: a breakpoint stops a debug session until somebody resumes it."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="breakpoint-left",
    severity=Severity.INFO,
    summary="A `codebuild-breakpoint` left in.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - codebuild-breakpoint
      - make
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - make
""",
)
def breakpoint_left(subject: Subject) -> Iterator[Finding]:
    for step, call in subject.calls():
        if call.program == "codebuild-breakpoint":
            message = "a build with a debug session waits here until somebody resumes it"
            at = subject.place(step.command, call.at)
            yield Finding(at, message, "remove it once the problem is found")
