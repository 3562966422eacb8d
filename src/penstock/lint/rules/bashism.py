"""CB-205: without `env.shell`, commands run in sh, which is dash on the Ubuntu images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.quoting import expandable
from penstock.lint.rule import Finding, rule
from penstock.lint.shell import Call
from penstock.lint.subject import Subject

_BUILTINS = frozenset(
    {"source", "declare", "typeset", "shopt", "pushd", "popd", "mapfile", "readarray", "let"}
)
_EXPANSIONS = (
    (re.compile(r"\$\{[#!]?\w+\["), "an array"),
    (re.compile(r"\$\{\w+:(?:\d| -\d|\$)"), "`${name:offset}`"),
    (re.compile(r"\$\{\w+/"), "`${name/pattern/text}`"),
    (re.compile(r"\$\{\w+(?:\^|,)"), "`${name^}`"),
    (re.compile(r"\$\{!\w"), "`${!name}`"),
    (re.compile(r"[<>]\("), "`<(...)`"),
)
_ARRAY = re.compile(r"\w+\+?=\(|\w+\[[^\]]*\]\+?=")
_RANGE = re.compile(r"\{\d+\.\.\d+\}")
_INSTEAD = {
    "`[[`": "use `[ ... ]`",
    "`source`": "use `.`",
    "`&>`": "use `> file 2>&1`",
    "`==` in `[`": "use `=`",
    "`+=`": 'use `name="${name}more"`',
    "`function`": "use `name() { ...; }`",
    "`((`": "use `$((...))` or `[ ... ]`",
}


@rule(
    id="bashism",
    severity=Severity.WARNING,
    summary="bash syntax in a command that runs in sh, which on the Ubuntu images is dash.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - if [[ "$BRANCH" == main ]]; then make release; fi
""",
    good="""
version: 0.2
env:
  shell: bash
phases:
  build:
    commands:
      - if [[ "$BRANCH" == main ]]; then make release; fi
""",
)
def bashism(subject: Subject) -> Iterator[Finding]:
    if subject.shell != "sh":
        return
    for step, call in subject.calls():
        what = _bash_only(call)
        if what:
            instead = _INSTEAD.get(what)
            hint = f"{instead}, or set `env.shell: bash`" if instead else "set `env.shell: bash`"
            message = f"{what} is bash; sh is dash on the Ubuntu images and does not know it"
            yield Finding(subject.place(step.command, call.at), message, hint)


def _bash_only(call: Call) -> str:
    return _in_program(call) or _in_expansion(call) or _in_redirection(call)


def _in_program(call: Call) -> str:
    words = call.words
    first = words[0] if words else ""
    for opening in ("[[", "(("):
        if first.startswith(opening):
            return f"`{opening}`"
    if first in _BUILTINS or (first == "function" and len(words) > 1):
        return f"`{first}`"
    if first == "set" and "pipefail" in words:
        return "`set -o pipefail`"
    if first in ("[", "test") and "==" in words:
        return "`==` in `[`"
    if first == "trap" and words[-1] in ("ERR", "DEBUG", "RETURN"):
        return f"`trap ... {words[-1]}`"
    if first == "for" and any(_RANGE.search(word) for word in words):
        return "`{1..9}`"
    return ""


def _in_expansion(call: Call) -> str:
    for assignment in call.assignments:
        if _ARRAY.match(assignment):
            return "an array"
        if "+=" in assignment.partition("=")[0] + "=":
            return "`+=`"
    for word in (*call.words, *call.assignments):
        seen = expandable(word)
        for pattern, what in _EXPANSIONS:
            found = pattern.search(seen)
            if found and (what != "`<(...)`" or found.start() == 0):
                return what
    return ""


def _in_redirection(call: Call) -> str:
    for operator, target in call.redirections:
        if operator.startswith("&>"):
            return "`&>`"
        if operator.endswith("<<<"):
            return "`<<<`"
        if target.startswith(("<(", ">(")):
            return "`<(...)`"
    return "`|&`" if call.ends == "|&" else ""
