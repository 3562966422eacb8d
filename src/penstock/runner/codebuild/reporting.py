"""A build's reports: those its buildspec declares, and those found by themselves (CB-065…072)."""

from __future__ import annotations

import os

from penstock.documents.buildspec import Artifact, ReportFormat, ReportGroup
from penstock.runner.codebuild.artifacts import select
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.order import Order
from penstock.runner.codebuild.reports.model import Report
from penstock.runner.codebuild.reports.reader import (
    discovered_group_name,
    group_name,
    read_report,
)


def declared_report(group: ReportGroup, order: Order, ground: Ground) -> Report:
    """The report of a group of `reports`, its files by the rules of artifacts (CB-066)."""
    artifact = Artifact(group.files, base_directory=group.base_directory)
    files = select(artifact, ground.source.path, ground.here).files
    name = group_name(order.project, group.name)
    return _masked(read_report(group, tuple(entry.source for entry in files), name), ground)


def discovered_report(
    file_format: ReportFormat, files: tuple[str, ...], order: Order, ground: Ground
) -> Report:
    """The report of files that no group names."""
    group = ReportGroup(str(file_format), (), file_format=file_format)
    name = discovered_group_name(order.project, file_format)
    return _masked(read_report(group, files, name), ground)


def _masked(report: Report, ground: Ground) -> Report:
    """Messages and names come from files that the build wrote: secrets may stand in them too."""
    mask = ground.masker.mask_text
    root = os.path.join(ground.source.path, "")
    cases = tuple(
        case._replace(name=mask(case.name), prefix=mask(case.prefix), message=mask(case.message))
        for case in report.cases
    )
    problems = tuple(mask(problem).replace(root, "") for problem in report.problems)
    return report._replace(name=mask(report.name), cases=cases, problems=problems)
