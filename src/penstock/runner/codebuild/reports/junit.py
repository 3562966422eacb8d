"""JUNITXML: surefire, Gradle, pytest, jest-junit, gotestsum, GoogleTest and many more (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import nanoseconds
from penstock.runner.codebuild.reports.messages import joined
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, make_case
from penstock.runner.codebuild.reports.xml import Element, records

# surefire adds flakyFailure and rerunFailure for attempts that a later one made good, or repeated.
_STATUSES = {
    "failure": CaseStatus.FAILED,
    "error": CaseStatus.ERROR,
    "skipped": CaseStatus.SKIPPED,
}


def read(path: str) -> Iterator[TestCase]:
    return (_case(element) for element in records(path, ReportFormat.JUNITXML, "testcase"))


def _case(element: Element) -> TestCase:
    outcome = next((child for child in element.children if child.tag in _STATUSES), None)
    return make_case(
        element.get("name"),
        element.get("classname") or _suite(element),
        _STATUSES[outcome.tag] if outcome else _status_without_outcome(element),
        nanoseconds(element.get("time")),
        joined(outcome.get("message"), outcome.text) if outcome else "",
    )


def _status_without_outcome(element: Element) -> CaseStatus:
    """GoogleTest tells in attributes that a test is disabled."""
    not_run = element.get("status") == "notrun" or element.get("result") in (
        "skipped",
        "suppressed",
    )
    return CaseStatus.SKIPPED if not_run else CaseStatus.SUCCEEDED


def _suite(element: Element) -> str:
    suite = element.ancestor("testsuite")
    return suite.get("name") if suite else ""
