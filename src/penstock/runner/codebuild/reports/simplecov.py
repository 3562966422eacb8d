"""SIMPLECOV: simplecov's `coverage/.resultset.json`, not what simplecov-json writes (CB-067).

    {"RSpec": {"coverage": {"/app/a.rb": {"lines": [1, null, 0], "branches": {…}}}, "timestamp": 1}}

Before simplecov 0.18 a file's value was the list of its lines itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from penstock.runner.codebuild.reports.json import load, mapping
from penstock.runner.codebuild.reports.model import (
    CodeCoverage,
    Coverage,
    Unreadable,
    make_coverage,
)

Lines = list[int | None]
Branches = dict[tuple[str, str], int]


def read(path: str) -> Iterator[CodeCoverage]:
    """Suites (RSpec, Cucumber, parallel processes) ran the same files: their hits are summed."""
    document = load(path)
    suites = [mapping(suite).get("coverage") for suite in mapping(document).values()]
    if not suites or not all(isinstance(suite, dict) for suite in suites):
        raise Unreadable("this is not simplecov's coverage/.resultset.json, which AWS reads")
    lines: dict[str, Lines] = {}
    branches: dict[str, Branches] = {}
    for suite in suites:
        for name, value in mapping(suite).items():
            lines[name] = _added(lines.get(name, []), _lines(value))
            for branch, hits in _branches(value):
                so_far = branches.setdefault(name, {})
                so_far[branch] = so_far.get(branch, 0) + hits
    for name, counted in lines.items():
        yield make_coverage(name, _coverage(counted, branches.get(name, {})))


def _lines(value: Any) -> Lines:
    """Hits per line; None for a line without code, or one that `:nocov:` leaves out."""
    found = value.get("lines") if isinstance(value, dict) else value
    return [_hits(item) for item in found] if isinstance(found, list) else []


def _branches(value: Any) -> Iterator[tuple[tuple[str, str], int]]:
    for condition, arms in mapping(mapping(value).get("branches")).items():
        for arm, item in mapping(arms).items():
            if (hits := _hits(item)) is not None:
                yield (condition, arm), hits


def _hits(value: Any) -> int | None:
    """Hits, which JSON may hold as any number; bool is Python's idea of one."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _added(before: Lines, now: Lines) -> Lines:
    return [b if a is None else a if b is None else a + b for a, b in zip_longest(before, now)]


def _coverage(lines: Lines, branches: Branches) -> Coverage:
    counted = [hits for hits in lines if hits is not None]
    hit = sum(hits > 0 for hits in counted)
    taken = sum(hits > 0 for hits in branches.values())
    return Coverage(hit, len(counted) - hit, taken, len(branches) - taken)
