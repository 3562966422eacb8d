"""CB-016: logs hide a secret's value only where it stands as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.quoting import expandable
from penstock.lint.rule import Finding, rule
from penstock.lint.shell import Call
from penstock.lint.subject import Subject
from penstock.lint.variables import secrets

_CREDENTIALS = frozenset({"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
_PRINTERS = frozenset({"echo", "printf"})
_REFERENCE = re.compile(r"(?<!\\)\$\{?(\w+)")


@rule(
    id="echoed-secret",
    severity=Severity.WARNING,
    summary="A command prints a secret into the build's log.",
    bad="""
version: 0.2
env:
  secrets-manager:
    TOKEN: prod/api:token
phases:
  build:
    commands:
      - echo "token is $TOKEN"
""",
    good="""
version: 0.2
env:
  secrets-manager:
    TOKEN: prod/api:token
phases:
  build:
    commands:
      - echo "$TOKEN" | docker login --username ci --password-stdin registry.example.com
""",
)
def echoed_secret(subject: Subject) -> Iterator[Finding]:
    hidden = {name for name, _ in secrets(subject.buildspec)} | _CREDENTIALS
    for step, call in subject.calls():
        if call.program not in _PRINTERS or _goes_elsewhere(call):
            continue
        for word in call.words:
            name = next((n for n in _REFERENCE.findall(expandable(word)) if n in hidden), "")
            if name:
                message = f"this prints the secret `{name}`"
                hint = "logs hide the exact value only, not parts or encodings of it: remove this"
                yield Finding(subject.place(step.command, call.at), message, hint)
                break


def _goes_elsewhere(call: Call) -> bool:
    files = (target for operator, target in call.redirections if ">" in operator)
    return call.captured or call.ends.startswith("|") or any(not t.isdigit() for t in files)
