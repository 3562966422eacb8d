"""CB-210: names beginning with CODEBUILD_ belong to CodeBuild."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject
from penstock.lint.variables import defined

_ALLOWED = "CODEBUILD_CONFIG_AUTO_DISCOVER"


@rule(
    id="reserved-variable",
    severity=Severity.WARNING,
    summary="A variable whose name begins with CODEBUILD_, which CodeBuild reserves.",
    bad="""
version: 0.2
env:
  variables:
    CODEBUILD_STAGE: test
phases:
  build:
    commands:
      - make "$CODEBUILD_STAGE"
""",
    good="""
version: 0.2
env:
  variables:
    STAGE: test
    CODEBUILD_CONFIG_AUTO_DISCOVER: "false"
phases:
  build:
    commands:
      - make "$STAGE"
""",
)
def reserved_variable(subject: Subject) -> Iterator[Finding]:
    for name, at in defined(subject.buildspec):
        if name.startswith("CODEBUILD_") and not name.startswith(_ALLOWED):
            message = f"`{shown(name)}`: CodeBuild reserves names that begin with CODEBUILD_"
            yield Finding(at, message, "choose another name")
