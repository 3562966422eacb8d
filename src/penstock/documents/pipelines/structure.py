"""What a declaration must have as a whole: stages, stores, names (CP-003 to CP-005, CP-008)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.subject import Subject

MOST_STAGES = 50
MOST_ACTIONS = 500
MOST_ACTIONS_OF_STAGE = 50


def check_structure(subject: Subject, problems: Problems) -> None:
    _check_counts(subject, problems)
    _check_sources(subject, problems)
    _check_names(subject, problems)
    _check_blockers(subject, problems)
    _check_stores(subject, problems)


def _check_counts(subject: Subject, problems: Problems) -> None:
    """CP-003"""
    stages, actions = subject.pipeline.stages, len(subject.actions)
    if len(stages) < 2:
        problems.structure(
            ("stages",),
            f"Pipeline has only {len(stages)} stage(s)."
            " There should be a minimum of 2 stages in a pipeline",
        )
    if len(stages) > MOST_STAGES:
        problems.structure(
            ("stages",),
            f"Pipeline has {len(stages)} stages."
            f" There should be a maximum of {MOST_STAGES} stages in a pipeline",
        )
    for i, stage in enumerate(stages):
        path = ("stages", i, "actions")
        if not stage.actions:
            problems.stage(path, f"Stage {shown(stage.name)} should have at least one action")
        if len(stage.actions) > MOST_ACTIONS_OF_STAGE:
            problems.stage(
                path,
                f"Stage {shown(stage.name)} has {len(stage.actions)} actions, which is more than"
                f" the maximum count ({MOST_ACTIONS_OF_STAGE})",
            )
    if actions > MOST_ACTIONS:
        problems.structure(
            ("stages",),
            f"Pipeline has {actions} actions, which is more than the maximum count"
            f" ({MOST_ACTIONS})",
        )


def _check_sources(subject: Subject, problems: Problems) -> None:
    """CP-004"""
    for place in subject.actions:
        path, category = (*place.path, "actionTypeId", "category"), place.action.type.category
        if place.number == 0 and category not in ("Source", ""):
            problems.structure(
                path, "Pipeline should start with a stage that only contains source actions"
            )
        if place.number > 0 and category == "Source":
            problems.structure(
                path,
                "Only the first stage of a pipeline may contain source actions:"
                f" {shown(place.action.name)} is in stage {shown(place.stage.name)}",
            )


def _check_names(subject: Subject, problems: Problems) -> None:
    """CP-005"""
    for i, name in repeated(stage.name for stage in subject.pipeline.stages):
        problems.structure(
            ("stages", i, "name"),
            f"Stage names must be unique within a pipeline: {shown(name)} is used more than once",
        )
    for i, stage in enumerate(subject.pipeline.stages):
        for j, name in repeated(action.name for action in stage.actions):
            problems.stage(
                ("stages", i, "actions", j, "name"),
                f"Action names must be unique within a stage: {shown(name)} is used more than once"
                f" in stage {shown(stage.name)}",
            )


def _check_blockers(subject: Subject, problems: Problems) -> None:
    """CP-016"""
    for i, stage in enumerate(subject.document.get("stages", ())):
        if stage.get("blockers"):
            problems.blocker(
                ("stages", i, "blockers"),
                f"Blockers are reserved for future use: stage {shown(stage.get('name', ''))} must"
                " not have any",
            )


def _check_stores(subject: Subject, problems: Problems) -> None:
    """CP-008, CP-009"""
    single, several = ("artifactStore" in subject.document), ("artifactStores" in subject.document)
    if single == several:
        problems.structure(
            ("artifactStores",) if single else (),
            "Exactly one of artifactStore and artifactStores must be specified",
        )
    elif several and subject.region and subject.region not in subject.pipeline.stores:
        problems.structure(
            ("artifactStores",),
            f"artifactStores must have a store for the pipeline's own region {subject.region}",
        )
    if subject.region:
        _check_regions(subject, problems)


def _check_regions(subject: Subject, problems: Problems) -> None:
    for place in subject.actions:
        action, path = place.action, (*place.path, "region")
        if action.region in ("", subject.region):
            continue
        if action.type.category == "Source" or action.type.owner in ("ThirdParty", "Custom"):
            kind = "source" if action.type.category == "Source" else action.type.owner
            problems.action(
                path,
                f"Action {shown(action.name)} is in region {shown(action.region)}:"
                f" cross-region {kind} actions are not supported",
            )
        elif action.region not in subject.pipeline.stores:
            problems.structure(
                path,
                f"artifactStores must have a store for region {shown(action.region)}, which action"
                f" {shown(action.name)} is in",
            )


def repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The places of names that have been there before; empty ones are missing, not repeated."""
    seen = set()
    for i, name in enumerate(names):
        if name and name in seen:
            yield i, name
        seen.add(name)
