"""CB-010, CB-211: values in env.variables are taken literally."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_REFERENCE = re.compile(r"(?<![\\$])\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*[}:]|\([A-Za-z])")


@rule(
    id="literal-reference",
    severity=Severity.WARNING,
    summary="A `$NAME` or `$(command)` in env.variables, where nothing is expanded.",
    bad="""
version: 0.2
env:
  variables:
    IMAGE: $REPOSITORY:latest
phases:
  build:
    commands:
      - docker build -t "$IMAGE" .
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - IMAGE="$REPOSITORY:latest"
      - docker build -t "$IMAGE" .
""",
)
def literal_reference(subject: Subject) -> Iterator[Finding]:
    text = "\n".join(step.command.text for step in subject.steps)
    for name, value, at in subject.buildspec.env.variables:
        found = _REFERENCE.search(value)
        # A template that a command expands is meant to hold the reference.
        expanded = re.search(rf"\b(?:eval|envsubst)\b.*\b{re.escape(name)}\b", text)
        if found and not expanded:
            message = f"the value stays as it is written: `{found[0]}` is not expanded here"
            yield Finding(at, message, f"set it in a command: `{name}=...`")
