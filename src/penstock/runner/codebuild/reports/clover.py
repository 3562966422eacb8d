"""CLOVERXML: OpenClover, PHPUnit, istanbul (CB-067)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.figures import count
from penstock.runner.codebuild.reports.model import CodeCoverage, Coverage, make_coverage
from penstock.runner.codebuild.reports.xml import Element, records


def read(path: str) -> Iterator[CodeCoverage]:
    for element in records(path, ReportFormat.CLOVERXML, "file"):
        metrics = element.child("metrics")
        if metrics:
            yield make_coverage(element.get("path") or element.get("name"), _coverage(metrics))


def _coverage(metrics: Element) -> Coverage:
    """AWS's "line coverage" counts statements; istanbul writes its lines there."""
    lines = count(metrics.get("statements"))
    lines_covered = min(count(metrics.get("coveredstatements")), lines)
    branches = count(metrics.get("conditionals"))
    branches_covered = min(count(metrics.get("coveredconditionals")), branches)
    return Coverage(
        lines_covered, lines - lines_covered, branches_covered, branches - branches_covered
    )
