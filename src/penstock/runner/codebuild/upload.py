"""The UPLOAD_ARTIFACTS phase: exported variables, reports, artifacts, the cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from penstock.documents.buildspec import Artifact, ReportFormat, Text
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.order import Order, Services
from penstock.runner.codebuild.sinks import Sink
from penstock.state.builds import PhaseContext, Progress

if TYPE_CHECKING:
    from penstock.runner.codebuild.reports.model import Report

CLIENT_ERROR = "CLIENT_ERROR"
DISCOVER = "CODEBUILD_CONFIG_AUTO_DISCOVER"
DISCOVER_IN = "CODEBUILD_CONFIG_AUTO_DISCOVER_DIR"


class Uploads(NamedTuple):
    """What the phase made, and why it failed (an empty context where it did not)."""

    context: PhaseContext = PhaseContext()
    exported: Mapping[str, str] = {}
    artifacts: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()


def upload(
    order: Order, services: Services, sink: Sink, ground: Ground, progress: Progress
) -> Uploads:
    """Does all of it, whatever part fails: the first failure is the phase's."""
    exported = _exported(sink, ground)
    reports = _reports(order, sink, ground)
    context, artifacts = _artifacts(order, services, sink, ground)
    # A build that went wrong may have left half of what it caches; AWS does not say what it does.
    if services.caches is not None and ground.spec.cache is not None and progress.succeeding:
        from penstock.runner.codebuild.caching import save_cache

        save_cache(order.project, services.caches, sink, ground)
    return Uploads(context, exported, artifacts, reports)


def _exported(sink: Sink, ground: Ground) -> dict[str, str]:
    """CB-015; a name that is not set is left out, and said so."""
    names = tuple(text.value for text in ground.spec.env.exported_variables)
    values = ground.session.variables(names)
    for name in names:
        if name not in values:
            sink.warn(f"exported-variables: {name} is not set")
    return {name: ground.masker.mask_text(value) for name, value in values.items()}


def _reports(order: Order, sink: Sink, ground: Ground) -> tuple[Report, ...]:
    """Those declared, and of the formats that are not declared those found (CB-065, CB-072)."""
    found = _discovered(order, sink, ground)
    if not ground.spec.reports and not found:
        return ()
    from penstock.runner.codebuild.reporting import declared_report, discovered_report

    declared = {group.file_format for group in ground.spec.reports}
    return (
        *(declared_report(group, order, ground) for group in ground.spec.reports),
        *(
            discovered_report(file_format, files, order, ground)
            for file_format, files in found.items()
            if file_format not in declared
        ),
    )


def _discovered(order: Order, sink: Sink, ground: Ground) -> Mapping[ReportFormat, tuple[str, ...]]:
    """Result files that this build wrote, unless the build's variables say not to look (CB-072)."""
    from penstock.runner.codebuild.reports.discovery import discover

    settings = ground.session.variables((DISCOVER, DISCOVER_IN))
    if settings.get(DISCOVER, "").lower() == "false":
        return {}
    found = discover(
        ground.source.path, settings.get(DISCOVER_IN) or "**/*", newer_than=order.started
    )
    if found.stopped:
        sink.note(f"Looking for report files stopped {found.stopped}")
    return found.files


def _artifacts(
    order: Order, services: Services, sink: Sink, ground: Ground
) -> tuple[PhaseContext, tuple[str, ...]]:
    artifacts = ground.spec.artifacts
    if artifacts is None:
        return PhaseContext(), ()
    problem = PhaseContext()
    places = []
    for artifact in (artifacts.primary, *artifacts.secondary):
        context, place = _artifact(artifact, order, services, sink, ground)
        problem = problem if problem.code else context
        places += [place] if place else []
    return problem, tuple(places)


def _artifact(
    artifact: Artifact, order: Order, services: Services, sink: Sink, ground: Ground
) -> tuple[PhaseContext, str]:
    """Selects an artifact's files and delivers them; where they are now, or why not."""
    from penstock.runner.codebuild.archives import ArchiveError
    from penstock.runner.codebuild.artifacts import select

    try:
        expanded = _expanded(artifact, ground)
        if not expanded.files:
            return PhaseContext(), ""
        selection = select(expanded, ground.source.path, ground.here)
        for note in selection.notes:
            sink.note(note)
        if selection.context.code or services.deliver is None:
            return selection.context, ""
        name = expanded.name or expanded.identifier or order.project
        return PhaseContext(), services.deliver(selection, expanded, name)
    except (ValueError, ArchiveError) as error:
        return PhaseContext(CLIENT_ERROR, f"artifacts: {error}"), ""


def _expanded(artifact: Artifact, ground: Ground) -> Artifact:
    """Raises ValueError where the build's shell cannot expand a string (CB-082, CB-085)."""
    expand = ground.session.expand

    def all_of(texts: tuple[Text, ...]) -> tuple[Text, ...]:
        return tuple(text._replace(value=expand(text.value)) for text in texts)

    return artifact._replace(
        files=all_of(artifact.files),
        exclude_paths=all_of(artifact.exclude_paths),
        base_directory=artifact.base_directory and expand(artifact.base_directory),
        name=artifact.name and expand(artifact.name),
    )
