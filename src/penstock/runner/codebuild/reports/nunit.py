"""NUNITXML: the results of NUnit 2, and of NUnit 3 with `format=nunit2` (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import nanoseconds
from penstock.runner.codebuild.reports.messages import joined
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, make_case
from penstock.runner.codebuild.reports.xml import Element, records

_STATUSES = {
    "Success": CaseStatus.SUCCEEDED,
    "Failure": CaseStatus.FAILED,
    "Error": CaseStatus.ERROR,
    "NotRunnable": CaseStatus.ERROR,
    "Cancelled": CaseStatus.ERROR,
    "Ignored": CaseStatus.SKIPPED,
    "Skipped": CaseStatus.SKIPPED,
}


def read(path: str) -> Iterator[TestCase]:
    return (_case(element) for element in records(path, ReportFormat.NUNITXML, "test-case"))


def _case(element: Element) -> TestCase:
    prefix, name = _split(element.get("name"))
    return make_case(
        name,
        prefix,
        _status(element),
        nanoseconds(element.get("time")),
        said(element),
    )


def said(element: Element) -> str:
    """The failure, or the reason for not running; NUnit 3 writes both the same way."""
    for tag in ("failure", "reason"):
        if element.child(tag):
            return joined(element.text_of(tag, "message"), element.text_of(tag, "stack-trace"))
    return ""


def _status(element: Element) -> CaseStatus:
    """NUnit before 2.5 has no `result`."""
    if result := element.get("result"):
        return _STATUSES.get(result, CaseStatus.UNKNOWN)
    if element.get("executed").lower() == "false":
        return CaseStatus.SKIPPED
    passed = {"true": CaseStatus.SUCCEEDED, "false": CaseStatus.FAILED}
    return passed.get(element.get("success").lower(), CaseStatus.UNKNOWN)


def _split(full_name: str) -> tuple[str, str]:
    """(class, test) of `Shop.CartTests.Adds(1.5,"a.b")`: dots of arguments do not count."""
    before, parenthesis, arguments = full_name.partition("(")
    prefix, _, name = before.rpartition(".")
    return prefix, name + parenthesis + arguments
