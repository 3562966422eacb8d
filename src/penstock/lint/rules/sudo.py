"""CB-018: commands run as root."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="sudo",
    severity=Severity.INFO,
    summary="`sudo`, though commands run as root; it hides the build's variables.",
    bad="""
version: 0.2
phases:
  install:
    commands:
      - sudo apt-get install -y jq
""",
    good="""
version: 0.2
phases:
  install:
    commands:
      - apt-get install -y jq
""",
)
def sudo(subject: Subject) -> Iterator[Finding]:
    for step, call in subject.calls():
        user = step.phase.run_as or subject.buildspec.run_as or "root"
        keeps = {"-E", "-u", "--preserve-env", "--user"}.intersection(call.words)
        if user == "root" and call.words[:1] == ("sudo",) and not keeps:
            message = "commands run as root already; sudo takes the build's variables away"
            at = subject.place(step.command, call.at)
            yield Finding(at, message, "remove `sudo`: custom images may lack it")
            return
