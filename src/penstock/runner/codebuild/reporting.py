"""A build's reports: those its buildspec declares, and those found by themselves (CB-065…072)."""

from __future__ import annotations

import os

from penstock.documents.buildspec import Artifact, ReportFormat, ReportGroup, Text
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
    """The report of a group of `reports`; what is wrong with it stands in it."""
    try:
        name = ground.session.expand(group.name)
        files = _matching(group, ground)
    except ValueError:
        name, files = group.name, ()
    return _masked(read_report(group, files, group_name(order.project, name)), ground)


def discovered_report(
    file_format: ReportFormat, files: tuple[str, ...], order: Order, ground: Ground
) -> Report:
    """The report of files that no group names."""
    group = ReportGroup(str(file_format), (), file_format=file_format)
    name = discovered_group_name(order.project, file_format)
    return _masked(read_report(group, files, name), ground)


def _matching(group: ReportGroup, ground: Ground) -> tuple[str, ...]:
    """The group's files by the rules of artifacts (CB-066). Raises ValueError."""
    expand = ground.session.expand
    patterns = tuple(Text(expand(text.value)) for text in group.files)
    base = group.base_directory and expand(group.base_directory)
    selection = select(Artifact(patterns, base_directory=base), ground.source.path, ground.here)
    return tuple(entry.source for entry in selection.files)


def _masked(report: Report, ground: Ground) -> Report:
    """Messages and names come from files that the build wrote: secrets may stand in them too."""
    mask = ground.masker.mask_text
    root = os.path.join(ground.source.path, "")
    cases = tuple(
        case._replace(name=mask(case.name), prefix=mask(case.prefix), message=mask(case.message))
        for case in report.cases
    )
    problems = tuple(mask(problem).replace(root, "") for problem in report.problems)
    return report._replace(cases=cases, problems=problems)
