"""What a lint rule is: a function over a subject, with what its documentation needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.lint.subject import Subject


class Finding(NamedTuple):
    """One place a rule objects to; `hint` is what to write instead."""

    at: Position
    message: str
    hint: str = ""


Search = Callable[[Subject], Iterator[Finding]]


class Rule(NamedTuple):
    """`bad` and `good` are whole buildspecs: the rule finds something in the first only.

    Without `search`, the reader of buildspecs reports the problem itself.
    """

    id: str
    severity: Severity
    summary: str
    bad: str
    good: str
    search: Search | None = None

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        for at, message, hint in self.search(subject) if self.search else ():
            yield Diagnostic(subject.file, at, self.id, self.severity, message, hint)


def rule(
    id: str,
    severity: Severity,
    summary: str,
    bad: str,
    good: str,
) -> Callable[[Search], Rule]:
    """Makes the decorated search a Rule."""

    def made(search: Search) -> Rule:
        return Rule(id, severity, summary, bad.lstrip("\n"), good.lstrip("\n"), search)

    return made
