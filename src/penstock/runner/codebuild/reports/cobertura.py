"""COBERTURAXML: coverage.py, istanbul, coverlet, gcovr, Cobertura itself (CB-067)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import count
from penstock.runner.codebuild.reports.model import CodeCoverage, Coverage, make_coverage
from penstock.runner.codebuild.reports.xml import Element, records

_CONDITION = re.compile(r"\(([0-9]{1,9})/([0-9]{1,9})\)")


class _Line(NamedTuple):
    hit: bool
    branches_covered: int
    branches: int


def read(path: str) -> Iterator[CodeCoverage]:
    """Several classes may share a file, and lines of it (inner classes, generics, lambdas)."""
    files: dict[str, dict[str, _Line]] = {}
    for element in records(path, ReportFormat.COBERTURAXML, "class"):
        lines = files.setdefault(element.get("filename") or element.get("name"), {})
        for line in _lines(element):
            number = line.get("number")
            lines[number] = _merged(lines.get(number), _read(line))
    for name, lines in files.items():
        yield make_coverage(name, _coverage(lines))


def _lines(element: Element) -> Iterator[Element]:
    """Lines of the class; those of its methods say the same again."""
    own = element.child("lines")
    return own.all("line") if own else iter(())


def _read(line: Element) -> _Line:
    match = _CONDITION.search(line.get("condition-coverage"))
    branches = count(match[2]) if match else 0
    covered = min(count(match[1]), branches) if match else 0
    return _Line(count(line.get("hits")) > 0, covered, branches)


def _merged(before: _Line | None, now: _Line) -> _Line:
    if not before:
        return now
    return _Line(
        before.hit or now.hit,
        max(before.branches_covered, now.branches_covered),
        max(before.branches, now.branches),
    )


def _coverage(lines: dict[str, _Line]) -> Coverage:
    hit = sum(line.hit for line in lines.values())
    covered = sum(line.branches_covered for line in lines.values())
    branches = sum(line.branches for line in lines.values())
    return Coverage(hit, len(lines) - hit, covered, branches - covered)
