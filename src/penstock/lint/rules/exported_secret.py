"""CB-015, CB-216: what cannot or should not be exported."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject
from penstock.lint.variables import secrets


@rule(
    id="exported-secret",
    severity=Severity.WARNING,
    summary="`exported-variables` names a secret, or an AWS_ variable, which are not exported.",
    bad="""
version: 0.2
env:
  secrets-manager:
    DB_PASSWORD: prod/db:password
  exported-variables:
    - DB_PASSWORD
phases:
  build:
    commands:
      - make
""",
    good="""
version: 0.2
env:
  secrets-manager:
    DB_PASSWORD: prod/db:password
  exported-variables:
    - VERSION
phases:
  build:
    commands:
      - VERSION="$(cat VERSION)"
      - make
""",
)
def exported_secret(subject: Subject) -> Iterator[Finding]:
    hidden = {name for name, _ in secrets(subject.buildspec)}
    for name, at in subject.buildspec.env.exported_variables:
        if name in hidden:
            message = f"`{shown(name)}` is a secret: pipelines and the build's record would show it"
            yield Finding(at, message, "let the next action read the secret itself")
        elif name.startswith("AWS_"):
            message = f"`{shown(name)}`: names that begin with AWS_ cannot be exported"
            yield Finding(at, message, "copy it into a variable of another name")
