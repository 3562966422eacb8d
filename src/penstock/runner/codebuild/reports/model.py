"""Reports, test cases and code coverage in the shape of AWS's API (CB-068…070)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

NAME_LIMIT = 1_000
MESSAGE_LIMIT = 5_000


class Unreadable(Exception):
    """A result file is not what its group says it is; the text says what is wrong with it."""


class ReportType(StrEnum):
    TEST = "TEST"
    CODE_COVERAGE = "CODE_COVERAGE"


class ReportStatus(StrEnum):
    """INCOMPLETE: no file, or one that cannot be read. The other words are AWS's (CB-068)."""

    GENERATING = "GENERATING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    INCOMPLETE = "INCOMPLETE"
    DELETING = "DELETING"


class CaseStatus(StrEnum):
    """FAILED: an assertion did not hold. ERROR: the test broke. UNKNOWN: none of AWS's words."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


class TestCase(NamedTuple):
    """One test. `prefix` is its class or suite, `duration` in nanoseconds, `file` what it is from.

    Made by `make_case`, which keeps AWS's limits.
    """

    name: str
    prefix: str
    status: CaseStatus
    duration: int = 0
    message: str = ""
    file: str = ""


class Coverage(NamedTuple):
    """Lines and branches reached by tests, of a file or of a whole report."""

    lines_covered: int = 0
    lines_missed: int = 0
    branches_covered: int = 0
    branches_missed: int = 0

    @property
    def line_percentage(self) -> float | None:
        return _percentage(self.lines_covered, self.lines_missed)

    @property
    def branch_percentage(self) -> float | None:
        return _percentage(self.branches_covered, self.branches_missed)

    def plus(self, other: Coverage) -> Coverage:
        return Coverage(*(mine + its for mine, its in zip(self, other, strict=True)))


class CodeCoverage(NamedTuple):
    """The coverage of one source file; `path` is spelled as the tool spelled it."""

    path: str
    coverage: Coverage
    file: str = ""


class Report(NamedTuple):
    """What came of one report group in one build.

    `total`, `status_counts` (always all five), `duration` (nanoseconds) and `coverage` count
    everything read, also what `cases` and `coverages` leave out when `truncated` (CB-069).
    `problems` are the reasons for INCOMPLETE, one sentence each.
    """

    name: str
    type: ReportType
    status: ReportStatus
    cases: tuple[TestCase, ...]
    coverages: tuple[CodeCoverage, ...]
    total: int
    truncated: bool
    status_counts: Mapping[CaseStatus, int]
    duration: int
    coverage: Coverage
    problems: tuple[str, ...]


def make_case(
    name: str, prefix: str, status: CaseStatus, duration: int = 0, message: str = ""
) -> TestCase:
    """A test case within AWS's limits: name and prefix 1,000 characters, message 5,000 (CB-069)."""
    return TestCase(
        storable(name[:NAME_LIMIT]),
        storable(prefix[:NAME_LIMIT]),
        status,
        duration,
        storable(message[:MESSAGE_LIMIT].strip()),
    )


def make_coverage(path: str, coverage: Coverage) -> CodeCoverage:
    return CodeCoverage(storable(path[:NAME_LIMIT]), coverage)


def storable(text: str) -> str:
    """Text that UTF-8 and a database hold: JSON may carry lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


def _percentage(covered: int, missed: int) -> float | None:
    """Cut, not rounded, to two decimals, as in AWS's sample (10 of 11 is 90.9); None of nothing."""
    total = covered + missed
    return covered * 10_000 // total / 100 if total else None
