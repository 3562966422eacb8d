"""TESTNGXML: TestNG's `testng-results.xml` (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import MILLISECOND, nanoseconds
from penstock.runner.codebuild.reports.messages import joined
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, make_case
from penstock.runner.codebuild.reports.xml import Element, records

_STATUSES = {
    "PASS": CaseStatus.SUCCEEDED,
    "FAIL": CaseStatus.FAILED,
    "SKIP": CaseStatus.SKIPPED,
}


def read(path: str) -> Iterator[TestCase]:
    for element in records(path, ReportFormat.TESTNGXML, "test-method"):
        # A set-up method is no test; one that fails is why tests were skipped, and must be seen.
        set_up = element.get("is-config") == "true"
        if not set_up or element.get("status") == "FAIL":
            yield _case(element, set_up)


def _case(element: Element, set_up: bool) -> TestCase:
    owner = element.ancestor("class")
    status = _STATUSES.get(element.get("status"), CaseStatus.UNKNOWN)
    return make_case(
        element.get("name"),
        owner.get("name") if owner else "",
        CaseStatus.ERROR if set_up else status,
        nanoseconds(element.get("duration-ms"), MILLISECOND),
        joined(
            element.text_of("exception", "message"),
            element.text_of("exception", "full-stacktrace"),
        ),
    )
