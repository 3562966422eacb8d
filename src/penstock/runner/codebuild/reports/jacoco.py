"""JACOCOXML: JaCoCo's and Kover's XML report (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import count
from penstock.runner.codebuild.reports.model import CodeCoverage, Coverage, make_coverage
from penstock.runner.codebuild.reports.xml import Element, records


def read(path: str) -> Iterator[CodeCoverage]:
    """Needs classes compiled with debug information: without it JaCoCo knows no lines."""
    for element in records(path, ReportFormat.JACOCOXML, "sourcefile"):
        yield make_coverage(_path(element), _coverage(element))


def _path(element: Element) -> str:
    package = element.ancestor("package")
    folder = package.get("name") if package else ""
    return f"{folder}/{element.get('name')}".lstrip("/")


def _coverage(element: Element) -> Coverage:
    counters = {counter.get("type"): counter for counter in element.all("counter")}
    lines, branches = (_counted(counters.get(kind)) for kind in ("LINE", "BRANCH"))
    return Coverage(*lines, *branches)


def _counted(counter: Element | None) -> tuple[int, int]:
    if not counter:
        return 0, 0
    return count(counter.get("covered")), count(counter.get("missed"))
