"""NUNIT3XML: the results of NUnit 3 and later (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import nanoseconds
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, make_case
from penstock.runner.codebuild.reports.nunit import said
from penstock.runner.codebuild.reports.xml import Element, records

# Inconclusive is none of AWS's words, hence UNKNOWN. A warning does not fail NUnit's run.
_STATUSES = {
    "Passed": CaseStatus.SUCCEEDED,
    "Warning": CaseStatus.SUCCEEDED,
    "Failed": CaseStatus.FAILED,
    "Skipped": CaseStatus.SKIPPED,
}
_BROKEN = ("Error", "Invalid", "Cancelled")


def read(path: str) -> Iterator[TestCase]:
    return (_case(element) for element in records(path, ReportFormat.NUNIT3XML, "test-case"))


def _case(element: Element) -> TestCase:
    status = _STATUSES.get(element.get("result"), CaseStatus.UNKNOWN)
    if status is CaseStatus.FAILED and element.get("label") in _BROKEN:
        status = CaseStatus.ERROR
    name = element.get("name")
    return make_case(
        name,
        element.get("classname") or element.get("fullname").removesuffix(name).rstrip("."),
        status,
        nanoseconds(element.get("duration")),
        said(element),
    )
