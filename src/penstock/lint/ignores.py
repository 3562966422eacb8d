"""`# penstock: ignore RULE[, RULE]`: on a line, on the line before it, or at a file's top.

Errors stay: what AWS refuses does not pass because a comment says so. What another program calls
an error (`cfn-lint/E3012`) is its opinion, and goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.documents.findings import shown

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*penstock:\s*ignore\b(?P<rest>.*)")
_IDS = re.compile(r"[\w/-]+(?:\s*,\s*[\w/-]+)*")
_BLOCK_HEADER = re.compile(r"(?:^|.*[\s:-])[|>][-+0-9]*\s*(?:#.*)?$")


class Ignores(NamedTuple):
    """Rule ids by line number; line 0 stands for the whole file."""

    by_line: dict[int, frozenset[str]]
    problems: tuple[Diagnostic, ...]


def read_ignores(file: str, lines: Sequence[str]) -> Ignores:
    found: dict[int, frozenset[str]] = {}
    problems: list[Diagnostic] = []
    top = True
    for number, line in enumerate(lines, 1):
        top = top and (not line.strip() or line.lstrip().startswith("#"))
        comment = _COMMENT.search(line) if "penstock" in line else None
        if comment is None:
            continue
        ids = _ids(comment["rest"])
        place = 0 if top else number
        found[place] = found.get(place, frozenset()) | ids
        if top:
            # Directly above the first line a comment may be meant for either: it counts for both.
            found[number] = ids
        at = Position(number, comment.start() + 1)
        problems += _problems(file, at, ids)
    return Ignores(found, tuple(problems))


def kept(
    found: Iterable[Diagnostic], ignores: Ignores, lines: Sequence[str]
) -> Iterator[Diagnostic]:
    """The diagnostics that no comment covers."""
    for diagnostic in found:
        own = "/" not in diagnostic.rule
        if ignores.by_line and not (own and diagnostic.severity is Severity.ERROR):
            covering = _covering(lines, diagnostic.at.line)
            if any(diagnostic.rule in ignores.by_line.get(n, ()) for n in covering):
                continue
        yield diagnostic


def _ids(rest: str) -> frozenset[str]:
    """The ids at the start; behind them may stand a reason in words."""
    ids = _IDS.match(rest.strip(" \t:"))
    return frozenset(re.split(r"\s*,\s*", ids[0])) if ids else frozenset()


def _problems(file: str, at: Position, ids: frozenset[str]) -> Iterator[Diagnostic]:
    if not ids:
        yield _note(file, at, "this comment names no rule", "write `# penstock: ignore RULE`")
    for name in sorted(ids):
        from penstock.lint.catalog import is_foreign, summaries

        if name not in summaries() and not is_foreign(name):
            near = next(iter(get_close_matches(name, summaries(), n=1)), "")
            hint = f"did you mean `{near}`?" if near else "`docs/lint-rules.md` lists the rules"
            yield _note(file, at, f"no rule is called `{shown(name)}`", hint)


def _note(file: str, at: Position, message: str, hint: str) -> Diagnostic:
    return Diagnostic(file, at, "ignore-comment", Severity.INFO, message, hint)


def _covering(lines: Sequence[str], number: int) -> Iterator[int]:
    """The lines whose comments speak for this one: in a block scalar, also its header's."""
    yield 0
    yield number
    yield from _comments_above(lines, number)
    header = _header(lines, number)
    if header:
        yield header
        yield from _comments_above(lines, header)


def _comments_above(lines: Sequence[str], number: int) -> Iterator[int]:
    if 2 <= number <= len(lines) + 1 and lines[number - 2].lstrip().startswith("#"):
        yield number - 1


def _header(lines: Sequence[str], number: int) -> int:
    """The line of the `|` or `>` whose block holds this line, or 0."""
    if not 1 <= number <= len(lines):
        return 0
    indentation = _indentation(lines[number - 1])
    for above in range(number - 1, 0, -1):
        line = lines[above - 1]
        if line.strip() and _indentation(line) < indentation:
            if _BLOCK_HEADER.match(line):
                return above
            indentation = _indentation(line)
    return 0


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
