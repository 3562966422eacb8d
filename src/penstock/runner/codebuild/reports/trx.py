"""VISUALSTUDIOTRX: `dotnet test --logger trx` and Visual Studio (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import timespan
from penstock.runner.codebuild.reports.messages import joined
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, make_case
from penstock.runner.codebuild.reports.xml import Element, records

_MAX_DEFINITIONS = 100_000
_ERROR_INFO = ("Output", "ErrorInfo")
_STATUSES = {
    "Passed": CaseStatus.SUCCEEDED,
    "Warning": CaseStatus.SUCCEEDED,
    "Completed": CaseStatus.SUCCEEDED,
    "Failed": CaseStatus.FAILED,
    "Error": CaseStatus.ERROR,
    "Timeout": CaseStatus.ERROR,
    "Aborted": CaseStatus.ERROR,
    "PassedButRunAborted": CaseStatus.ERROR,
    "Disconnected": CaseStatus.ERROR,
    "NotRunnable": CaseStatus.ERROR,
    "NotExecuted": CaseStatus.SKIPPED,
    "Pending": CaseStatus.SKIPPED,
}


def read(path: str) -> Iterator[TestCase]:
    """Reads the file twice: the results come first, the classes they belong to after them."""
    classes = _classes(path)
    for element in records(path, ReportFormat.VISUALSTUDIOTRX, "UnitTestResult"):
        for result in _leaves(element):
            yield _case(result, classes)


def _classes(path: str) -> dict[str, str]:
    """Test id to class. A file that breaks off is reported when its results are read."""
    definitions = records(path, ReportFormat.VISUALSTUDIOTRX, "UnitTest")
    classes: dict[str, str] = {}
    for element in islice(definitions, _MAX_DEFINITIONS):
        if method := element.child("TestMethod"):
            classes[element.get("id")] = method.get("className").partition(",")[0].strip()
    return classes


def _leaves(element: Element) -> Iterator[Element]:
    """The rows of a data-driven test instead of their sum, which would count them twice."""
    inner = element.child("InnerResults")
    rows = list(inner.all("UnitTestResult")) if inner else []
    if not rows:
        yield element
    for row in rows:
        yield from _leaves(row)


def _case(element: Element, classes: dict[str, str]) -> TestCase:
    name = element.get("testName")
    prefix = classes.get(element.get("testId"), "")
    return make_case(
        name.removeprefix(f"{prefix}.") or name,
        prefix,
        _STATUSES.get(element.get("outcome"), CaseStatus.UNKNOWN),
        timespan(element.get("duration")),
        joined(
            element.text_of(*_ERROR_INFO, "Message"),
            element.text_of(*_ERROR_INFO, "StackTrace"),
        ),
    )
