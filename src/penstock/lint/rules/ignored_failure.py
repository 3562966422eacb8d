"""CB-028: a multi-line command is one script, and only its last statement's status counts."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.shell import Call
from penstock.lint.subject import Step, Subject

_PROGRAMS = """
. : alias basename break case cat cd continue cut date declare dirname echo env eval exit
export false for function grep head hostname id kill let local ls mkdir ping printenv printf ps
pwd read readonly return rm set shift shopt sleep source tail tee test timeout touch trap true
type ulimit umask unset uname wait which whoami [ [[ ((
"""
_HARMLESS = frozenset(_PROGRAMS.split())


@rule(
    id="ignored-failure",
    severity=Severity.INFO,
    summary="A multi-line command without `set -e`: only its last line can fail it.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - |
        make test
        make package
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - |
        set -e
        make test
        make package
""",
)
def ignored_failure(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if any(_stops_on_failure(call) for call in step.calls):
            # Whether `set -e` lasts into later commands is unspecified: silent from here on.
            return
        call = _ignored(step)
        if call:
            message = "if this fails the command goes on: only its last line's status counts"
            hint = "begin the block with `set -e`, or join the lines with `&&`"
            yield Finding(subject.place(step.command, call.at), message, hint)


def _stops_on_failure(call: Call) -> bool:
    if call.program != "set":
        return False
    flags = call.plain[1:]
    short = any(flag.startswith("-") and "e" in flag and len(flag) < 8 for flag in flags)
    return short or "errexit" in flags


def _ignored(step: Step) -> Call | None:
    """The first statement of the script itself that does work and is not its last."""
    if "\n" not in step.command.text.strip() or "$?" in step.command.text:
        return None
    for call in step.calls[:-1]:
        own = call.words and not call.depth and not call.block and call.ends in ("\n", ";")
        names_program = call.program and call.words[0][:1] not in ("$", "[", "(")
        negated = step.command.text[: call.at].rstrip(" ").endswith("!")
        if own and names_program and not negated and call.program not in _HARMLESS:
            follows = any(not later.captured for later in step.calls if later.at > call.at)
            return call if follows else None
    return None
