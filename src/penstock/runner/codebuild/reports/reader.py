"""A report group's files to a report (CB-065…070)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from penstock.documents.buildspec import ReportFormat, ReportGroup
from penstock.runner.codebuild.reports.figures import MAX_LONG
from penstock.runner.codebuild.reports.formats import COVERAGE_MODULES, TEST_MODULES
from penstock.runner.codebuild.reports.model import (
    CaseStatus,
    CodeCoverage,
    Coverage,
    Report,
    ReportStatus,
    ReportType,
    TestCase,
    Unreadable,
    storable,
)

MAX_CASES = 500
MAX_COVERAGES = 20_000  # unspecified; high enough for any repository, and bounded
_NOT_PASSED = (CaseStatus.FAILED, CaseStatus.ERROR, CaseStatus.UNKNOWN)
_KEPT_FIRST = (*_NOT_PASSED, CaseStatus.SUCCEEDED, CaseStatus.SKIPPED)


def group_name(project: str, name: str) -> str:
    """CB-065: `<project>-<name>`; an ARN names a group that already exists."""
    return name if name.startswith("arn:") else f"{project}-{name}"


def discovered_group_name(project: str, file_format: ReportFormat) -> str:
    """CB-072: the group of files that auto-discovery found."""
    return f"{project}-{file_format}-AutoDiscovered"


def read_report(group: ReportGroup, files: Sequence[str], name: str) -> Report:
    """The report called `name` (see `group_name`) of these files, absolute paths.

    Never raises: what cannot be read makes the report INCOMPLETE and stands in `problems`, beside
    what could be read (CB-068). AWS says nothing of an effect on the build's status: there is none.
    """
    problems: list[str] = []
    if not files:
        patterns = ", ".join(pattern.value for pattern in group.files)
        below = f" below {group.base_directory}" if group.base_directory else ""
        problems.append(f"no file matches {patterns}{below}: correct files or base-directory")
    if group.file_format in TEST_MODULES:
        cases = _entries(TEST_MODULES[group.file_format], files, problems)
        return _test_report(name, cases, problems)
    coverages = _entries(COVERAGE_MODULES[group.file_format], files, problems)
    return _coverage_report(name, coverages, problems)


def _entries(module: str, files: Sequence[str], problems: list[str]) -> Iterator[Any]:
    """What each file yields, with the file's name; adds to `problems` as it goes."""
    from importlib import import_module

    read = import_module(module).read
    for file in files:
        shown = storable(file)
        found = 0
        try:
            for entry in read(file):
                found += 1
                yield entry._replace(file=shown)
        except Unreadable as error:
            before = f" (after {found:,} entries, which are kept)" if found else ""
            problems.append(storable(f"{shown}: {error}{before}"))
        except OSError as error:
            problems.append(f"{shown}: {error.strerror}")


def _test_report(name: str, cases: Iterable[TestCase], problems: list[str]) -> Report:
    counts = dict.fromkeys(CaseStatus, 0)
    duration = 0
    kept: dict[CaseStatus, list[TestCase]] = {status: [] for status in _KEPT_FIRST}
    for case in cases:
        counts[case.status] += 1
        duration += case.duration
        if len(kept[case.status]) < MAX_CASES:
            kept[case.status].append(case)
    total = sum(counts.values())
    if not total and not problems:
        problems.append("the files hold no test case")  # a vacuous success would hide a broken run
    failed = any(counts[status] for status in _NOT_PASSED)
    return Report(
        name=name,
        type=ReportType.TEST,
        status=_status(problems, failed),
        cases=tuple(chain(*kept.values()))[:MAX_CASES],
        coverages=(),
        total=total,
        truncated=total > MAX_CASES,
        status_counts=counts,
        duration=min(duration, MAX_LONG),
        coverage=Coverage(),
        problems=tuple(problems),
    )


def _coverage_report(name: str, found: Iterable[CodeCoverage], problems: list[str]) -> Report:
    kept: list[CodeCoverage] = []
    total = 0
    summary = Coverage()
    for entry in found:
        total += 1
        summary = summary.plus(entry.coverage)
        if len(kept) < MAX_COVERAGES:
            kept.append(entry)
    if not total and not problems:
        problems.append("the files hold no coverage of any source file")
    return Report(
        name=name,
        type=ReportType.CODE_COVERAGE,
        status=_status(problems, failed=False),
        cases=(),
        coverages=tuple(kept),
        total=total,
        truncated=total > MAX_COVERAGES,
        status_counts=dict.fromkeys(CaseStatus, 0),
        duration=0,
        coverage=summary,
        problems=tuple(problems),
    )


def _status(problems: Sequence[str], failed: bool) -> ReportStatus:
    """INCOMPLETE even beside failures: the counts are not to be trusted.

    A skipped test does not fail its report: with AWS's "all passed" taken to the letter, a suite
    with one skipped test would be FAILED for ever.
    """
    if problems:
        return ReportStatus.INCOMPLETE
    return ReportStatus.FAILED if failed else ReportStatus.SUCCEEDED
