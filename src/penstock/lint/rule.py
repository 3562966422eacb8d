"""What a lint rule is: a function over a subject, with what its documentation needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar

from penstock.documents.diagnostics import Diagnostic, Position, Severity

NO_FILES: Mapping[str, str] = MappingProxyType({})


class Linted(Protocol):
    """What a rule looks at: something that a file holds."""

    @property
    def file(self) -> str: ...


S = TypeVar("S", bound=Linted)


class Finding(NamedTuple):
    """One place a rule objects to; `hint` is what to write instead. `severity` is less than the
    rule's where much is unknown."""

    at: Position
    message: str
    hint: str = ""
    severity: Severity | None = None


class Rule(NamedTuple, Generic[S]):
    """`bad` and `good` are whole documents: the rule finds something in the first only. `files` are
    what the source tree has beside them, by path.

    Without `search`, the reader of the documents reports the problem itself.
    """

    id: str
    severity: Severity
    summary: str
    bad: str
    good: str
    search: Callable[[S], Iterator[Finding]] | None = None
    files: Mapping[str, str] = NO_FILES

    def check(self, subject: S) -> Iterator[Diagnostic]:
        for at, message, hint, severity in self.search(subject) if self.search else ():
            yield Diagnostic(subject.file, at, self.id, severity or self.severity, message, hint)


def rule(
    id: str,
    severity: Severity,
    summary: str,
    bad: str,
    good: str,
    files: Mapping[str, str] = NO_FILES,
) -> Callable[[Callable[[S], Iterator[Finding]]], Rule[S]]:
    """Makes the decorated search a Rule."""

    def made(search: Callable[[S], Iterator[Finding]]) -> Rule[S]:
        return Rule(id, severity, summary, bad.lstrip("\n"), good.lstrip("\n"), search, files)

    return made
