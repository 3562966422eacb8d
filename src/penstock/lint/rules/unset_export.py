"""CB-015: an exported variable takes its value from the build's shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject
from penstock.lint.variables import defined

_LOADERS = frozenset({".", "source", "eval"})


@rule(
    id="unset-export",
    severity=Severity.INFO,
    summary="`exported-variables` names a variable that neither `env` nor a command sets.",
    bad="""
version: 0.2
env:
  exported-variables:
    - IMAGE_TAG
phases:
  build:
    commands:
      - IMG_TAG="$(git rev-parse --short HEAD)"
""",
    good="""
version: 0.2
env:
  exported-variables:
    - IMAGE_TAG
phases:
  build:
    commands:
      - IMAGE_TAG="$(git rev-parse --short HEAD)"
""",
)
def unset_export(subject: Subject) -> Iterator[Finding]:
    loads = any(call.program in _LOADERS for _, call in subject.calls())
    if loads or not subject.shell or subject.buildspec.version == "0.1":
        return
    known = {name for name, _ in defined(subject.buildspec)}
    text = "\n".join(step.command.text for step in subject.steps)
    for name, at in subject.buildspec.env.exported_variables:
        own = name in known or name.startswith(("CODEBUILD_", "AWS_"))
        if not own and not re.search(rf"(?<![\w${{]){re.escape(name)}\b", text):
            message = f"nothing in this file sets `{shown(name)}`"
            yield Finding(at, message, "set it in a command, or in the project's environment")
