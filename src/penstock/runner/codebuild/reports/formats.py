"""The ten formats of CB-067: which module reads each, and how a file shows which one it is."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.documents.buildspec import ReportFormat

_HERE = "penstock.runner.codebuild.reports"

# Each module has `read(path)`, which yields test cases or coverage per file; it is imported on use.
TEST_MODULES = {
    ReportFormat.CUCUMBERJSON: f"{_HERE}.cucumber",
    ReportFormat.JUNITXML: f"{_HERE}.junit",
    ReportFormat.NUNITXML: f"{_HERE}.nunit",
    ReportFormat.NUNIT3XML: f"{_HERE}.nunit3",
    ReportFormat.TESTNGXML: f"{_HERE}.testng",
    ReportFormat.VISUALSTUDIOTRX: f"{_HERE}.trx",
}
COVERAGE_MODULES = {
    ReportFormat.CLOVERXML: f"{_HERE}.clover",
    ReportFormat.COBERTURAXML: f"{_HERE}.cobertura",
    ReportFormat.JACOCOXML: f"{_HERE}.jacoco",
    ReportFormat.SIMPLECOV: f"{_HERE}.simplecov",
}
_ROOTS = {
    "testsuites": ReportFormat.JUNITXML,
    "testsuite": ReportFormat.JUNITXML,
    "test-results": ReportFormat.NUNITXML,
    "test-run": ReportFormat.NUNIT3XML,
    "testng-results": ReportFormat.TESTNGXML,
    "TestRun": ReportFormat.VISUALSTUDIOTRX,
}


def format_of_root(tag: str, attributes: Mapping[str, str]) -> ReportFormat | None:
    """The format of an XML document by its outermost element."""
    if tag == "coverage" and "line-rate" in attributes:
        return ReportFormat.COBERTURAXML
    if tag == "coverage" and ("generated" in attributes or "clover" in attributes):
        return ReportFormat.CLOVERXML
    if tag == "report" and "name" in attributes:
        return ReportFormat.JACOCOXML
    return _ROOTS.get(tag)
