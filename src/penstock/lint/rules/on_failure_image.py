"""CB-043, CB-219: where `on-failure` works."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="on-failure-image",
    severity=Severity.INFO,
    summary="`on-failure` works on EC2 compute with CodeBuild's own images only.",
    bad="""
version: 0.2
phases:
  build:
    on-failure: ABORT
    commands:
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
def on_failure_image(subject: Subject) -> Iterator[Finding]:
    for phase in subject.buildspec.phases:
        if phase.on_failure:
            message = "`on-failure` works with CodeBuild's own images on EC2 compute only"
            yield Finding(
                phase.at, message, "Lambda, reserved capacity and custom images ignore it"
            )
            return
