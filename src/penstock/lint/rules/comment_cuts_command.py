"""CB-200: ` #` begins a YAML comment, even inside the quotes of a shell command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.places import end_of
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_WHOLE = re.compile(r"""(?:[^\\'"]|\\.|'[^']*'|"(?:\\.|[^"\\])*")*""", re.DOTALL)
_NUMBER = re.compile(r"(?:echo|printf)\s.*")


@rule(
    id="comment-cuts-command",
    severity=Severity.WARNING,
    summary="A ` #` in an unquoted command makes YAML drop the rest of the line.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - echo "Closes #42" > notes.txt
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - 'echo "Closes #42" > notes.txt'
""",
)
def comment_cuts_command(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        text, at = step.command
        end = end_of(subject.lines, text, at)
        rest = subject.lines[end.line - 1][end.column - 1 :] if text.strip() else ""
        comment = rest.lstrip()
        if not comment.startswith("#") or comment == rest:
            continue
        # A comment behind a whole command is what its author wanted; one that leaves a quote open,
        # or that begins with a number being printed, is not.
        numbered = _NUMBER.fullmatch(text) and comment[1:2] in set("$0123456789")
        if numbered or not _WHOLE.fullmatch(text):
            place = end._replace(column=end.column + len(rest) - len(comment))
            message = "YAML takes this ` #` for a comment: the command ends before it"
            yield Finding(place, message, "quote the whole command, or write it as a block (`- |`)")
