"""The UPLOAD_ARTIFACTS phase: exported variables, reports, artifacts, the cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from penstock.documents.buildspec import Artifact, ReportFormat, ReportGroup, Text
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.order import Order, Services
from penstock.runner.codebuild.sinks import Sink
from penstock.state.builds import PhaseContext, Progress

if TYPE_CHECKING:
    from penstock.runner.codebuild.cache import ExpandedCache
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


class Plan(NamedTuple):
    """What is to be uploaded, every string expanded by the build's shell, while there is one.

    A context stands for an artifact, and a text for a cache, that cannot be expanded.
    """

    exported: Mapping[str, str]
    discover_in: str
    reports: tuple[ReportGroup, ...]
    artifacts: tuple[Artifact | PhaseContext, ...]
    cache: ExpandedCache | None


def upload(
    order: Order, services: Services, sink: Sink, ground: Ground, progress: Progress
) -> Uploads:
    """Does all of it, whatever part fails: the first failure is the phase's."""
    plan = _plan(order, services, sink, ground, progress)
    # From here on files are read by their paths: nothing may put others there meanwhile.
    ground.session.close()
    ground.host.freeze()
    reports = _reports(plan, order, sink, ground)
    context, places = _artifacts(plan, order, services, sink, ground)
    if services.caches is not None and plan.cache is not None:
        from penstock.runner.codebuild.cache.use import save_cache

        save_cache(plan.cache, services.caches, sink, ground)
    return Uploads(context, plan.exported, places, reports)


def _plan(order: Order, services: Services, sink: Sink, ground: Ground, progress: Progress) -> Plan:
    settings = ground.session.variables((DISCOVER, DISCOVER_IN))
    off = settings.get(DISCOVER, "").lower() == "false"
    cache = None
    # A build that went wrong may have left half of what it caches; AWS does not say what it does.
    if ground.spec.cache is not None and services.caches is not None and progress.succeeding:
        from penstock.runner.codebuild.cache.use import expand_cache

        cache = expand_cache(order.project, sink, ground)
    return Plan(
        exported=_exported(sink, ground),
        discover_in="" if off else settings.get(DISCOVER_IN) or "**/*",
        reports=tuple(_expanded_group(group, ground) for group in ground.spec.reports),
        artifacts=tuple(_expanded_artifact(artifact, ground) for artifact in _wanted(ground)),
        cache=cache,
    )


def _wanted(ground: Ground) -> tuple[Artifact, ...]:
    """The artifacts that have files; AWS wants `files` even of a primary that has none (CB-215)."""
    artifacts = ground.spec.artifacts
    if artifacts is None:
        return ()
    return tuple(one for one in (artifacts.primary, *artifacts.secondary) if one.files)


def _exported(sink: Sink, ground: Ground) -> dict[str, str]:
    """CB-015; a name that is not set is left out, and said so."""
    names = tuple(text.value for text in ground.spec.env.exported_variables)
    values = ground.session.variables(names)
    for name in names:
        if name not in values:
            sink.warn(f"exported-variables: {name} is not set")
    return {name: ground.masker.mask_text(value) for name, value in values.items()}


def _expanded_artifact(artifact: Artifact, ground: Ground) -> Artifact | PhaseContext:
    """CB-082, CB-085"""
    expand = ground.session.expand
    try:
        return artifact._replace(
            files=_expanded(artifact.files, ground),
            exclude_paths=_expanded(artifact.exclude_paths, ground),
            base_directory=artifact.base_directory and expand(artifact.base_directory),
            name=artifact.name and expand(artifact.name),
        )
    except ValueError as error:
        return PhaseContext(CLIENT_ERROR, f"artifacts: {error}")


def _expanded_group(group: ReportGroup, ground: Ground) -> ReportGroup:
    """One that the shell cannot expand is left as it is, and matches nothing then (CB-068)."""
    expand = ground.session.expand
    try:
        return group._replace(
            name=expand(group.name),
            files=_expanded(group.files, ground),
            base_directory=group.base_directory and expand(group.base_directory),
        )
    except ValueError:
        return group


def _expanded(texts: tuple[Text, ...], ground: Ground) -> tuple[Text, ...]:
    return tuple(text._replace(value=ground.session.expand(text.value)) for text in texts)


def _reports(plan: Plan, order: Order, sink: Sink, ground: Ground) -> tuple[Report, ...]:
    """Those declared, and of the formats that are not declared those found (CB-065, CB-072)."""
    found = _discovered(plan, order, sink, ground) if plan.discover_in else {}
    if not plan.reports and not found:
        return ()
    from penstock.runner.codebuild.reporting import declared_report, discovered_report

    declared = {group.file_format for group in plan.reports}
    return (
        *(declared_report(group, order, ground) for group in plan.reports),
        *(
            discovered_report(file_format, files, order, ground)
            for file_format, files in found.items()
            if file_format not in declared
        ),
    )


def _discovered(
    plan: Plan, order: Order, sink: Sink, ground: Ground
) -> Mapping[ReportFormat, tuple[str, ...]]:
    """Result files that this build wrote."""
    from penstock.runner.codebuild.reports.discovery import discover

    found = discover(ground.source.path, plan.discover_in, newer_than=order.started)
    if found.stopped:
        sink.note(f"Looking for report files stopped {found.stopped}")
    return found.files


def _artifacts(
    plan: Plan, order: Order, services: Services, sink: Sink, ground: Ground
) -> tuple[PhaseContext, tuple[str, ...]]:
    problem = PhaseContext()
    places = []
    for artifact in plan.artifacts:
        if isinstance(artifact, PhaseContext):
            context, place = artifact, ""
        else:
            context, place = _artifact(artifact, order, services, sink, ground)
        problem = problem if problem.code else context
        places += [place] if place else []
    return problem, tuple(places)


def _artifact(
    artifact: Artifact, order: Order, services: Services, sink: Sink, ground: Ground
) -> tuple[PhaseContext, str]:
    """Selects an artifact's files and delivers them; where they are now, or why not."""
    from penstock.runner.archives import ArchiveError
    from penstock.runner.codebuild.artifacts import select

    def here(path: str) -> str:
        for inside, folder in services.secondary.items():
            if path == inside or path.startswith(inside + "/"):
                return folder + path[len(inside) :]
        return ground.here(path)

    sources = tuple(services.secondary.values())
    selection = select(artifact, ground.source.path, here, sources)
    for note in selection.notes:
        sink.note(note)
    if selection.context.code or services.deliver is None:
        return selection.context, ""
    name = artifact.name or artifact.identifier or order.project
    try:
        place = services.deliver(selection, artifact, name)
        return PhaseContext(), ground.masker.mask_text(place)
    except ArchiveError as error:
        return PhaseContext(CLIENT_ERROR, str(error)), ""
