"""Gathers the problems of one file while it is being read."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.documents.diagnostics import Diagnostic, Position, Severity

LIMIT = 500
"""Problems kept of one file. Beyond them nobody reads on, and a hostile file would fill memory."""

SHOWN = 60
"""Characters of a user's text that a message repeats."""


class Findings:
    """The problems found so far. Past `LIMIT` they are only counted, and `close` says so."""

    __slots__ = ("_dropped", "_file", "_found", "_worst")

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Diagnostic] = []
        self._dropped = 0
        self._worst = Severity.WARNING

    def error(self, at: Position, rule: str, message: str, hint: str = "") -> None:
        self._add(Diagnostic(self._file, at, rule, Severity.ERROR, message, hint))

    def warn(self, at: Position, rule: str, message: str, hint: str = "") -> None:
        self._add(Diagnostic(self._file, at, rule, Severity.WARNING, message, hint))

    def _add(self, problem: Diagnostic) -> None:
        if len(self._found) < LIMIT:
            self._found.append(problem)
            return
        self._dropped += 1
        if problem.severity is Severity.ERROR:
            self._worst = Severity.ERROR

    def nearest(self, word: str, known: Iterable[str]) -> str:
        """The known word `word` was probably meant to be, or an empty text: guessing is slow."""
        if len(word) > SHOWN or len(self._found) >= LIMIT:
            return ""
        from difflib import get_close_matches

        return next(iter(get_close_matches(word.lower(), list(known), n=1)), "")

    def close(self) -> list[Diagnostic]:
        """All problems by place; the uncounted rest as one more, as grave as the worst of them."""
        found = sorted(self._found, key=lambda problem: problem.at)
        if self._dropped:
            message = f"{self._dropped} more problems are not listed"
            hint = "repair those above first"
            found.append(
                Diagnostic(self._file, found[-1].at, "more-problems", self._worst, message, hint)
            )
        return found


def shown(text: str) -> str:
    """A user's text as messages repeat it: short, on one line, harmless to a terminal."""
    short = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return short if short.isprintable() else ascii(short)[1:-1]
