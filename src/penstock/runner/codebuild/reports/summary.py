"""A report for people, as lines of plain text; who prints them adds colour."""

from __future__ import annotations

import re

from penstock.runner.codebuild.reports.model import CaseStatus, Report, ReportType, TestCase

_MAX_CASES = 10
_MAX_PROBLEMS = 5
_MESSAGE_LINES = 3
_LINE_WIDTH = 200
_SHOWN = (CaseStatus.FAILED, CaseStatus.ERROR, CaseStatus.UNKNOWN)
# Tests print in colour, and an untrusted one could move the cursor or turn the text round.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def summary(report: Report) -> tuple[str, ...]:
    """The heading with the counts, the tests that did not pass, and what could not be read."""
    is_test = report.type is ReportType.TEST
    counts = _test_counts(report) if is_test else _coverage_counts(report)
    return (
        f"{_line(report.name)}: {report.status}, {counts}",
        *_failures(report),
        *_problems(report.problems),
    )


def _test_counts(report: Report) -> str:
    parts = [
        f"{count:,} {status.lower()}" for status, count in report.status_counts.items() if count
    ]
    counted = f": {', '.join(parts)}" if parts else ""
    return f"{_plural(report.total, 'test')}{counted} ({report.duration / 1e9:.2f} s)"


def _coverage_counts(report: Report) -> str:
    coverage = report.coverage
    lines = _share(coverage.line_percentage, coverage.lines_covered, coverage.lines_missed)
    branches = _share(
        coverage.branch_percentage, coverage.branches_covered, coverage.branches_missed
    )
    return f"{_plural(report.total, 'file')}: lines {lines}, branches {branches}"


def _share(percentage: float | None, covered: int, missed: int) -> str:
    if percentage is None:
        return "none counted"
    return f"{percentage:g}% ({covered:,} of {covered + missed:,})"


def _failures(report: Report) -> list[str]:
    wanted = [case for case in report.cases if case.status in _SHOWN][:_MAX_CASES]
    lines = [line for case in wanted for line in _failure(case)]
    left = sum(report.status_counts[status] for status in _SHOWN) - len(wanted)
    return [*lines, f"  and {left:,} more that did not pass"] if left else lines


def _failure(case: TestCase) -> list[str]:
    name = " ".join(part for part in (case.prefix, case.name) if part)
    said = (_line(line) for line in case.message.splitlines())
    told = [line for line in said if line][:_MESSAGE_LINES]
    return [f"  {case.status} {_line(name)}", *(f"      {line}" for line in told)]


def _problems(problems: tuple[str, ...]) -> list[str]:
    lines = [f"  {_line(problem)}" for problem in problems[:_MAX_PROBLEMS]]
    left = len(problems) - len(lines)
    return [*lines, f"  and {_plural(left, 'more problem')}"] if left else lines


def _line(text: str) -> str:
    """One line of text that can do nothing to a terminal."""
    plain = " ".join(_ESCAPES.sub("", text).split())
    return plain if len(plain) <= _LINE_WIDTH else plain[: _LINE_WIDTH - 1] + "…"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
