"""What makes a pipeline one of type V2 (CP-010)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.model_shapes import Path
from penstock.documents.pipelines import Mode
from penstock.documents.pipelines.problems import Problems
from penstock.documents.pipelines.subject import Subject


class Feature(NamedTuple):
    """Something that V1 does not have."""

    path: Path
    name: str
    of_action: bool = False


def needed_type(subject: Subject) -> str:
    """Of a pipeline that does not say which it is."""
    return "V1" if next(_features(subject), None) is None else "V2"


def check_version(subject: Subject, problems: Problems) -> None:
    """Refuses V2's features in what calls itself V1; what AWS does then nobody says."""
    if subject.pipeline.type != "V1":
        return
    for feature in _features(subject):
        tell = problems.action if feature.of_action else problems.structure
        tell(feature.path, f"{feature.name} can only be used with V2 pipelines")


def _features(subject: Subject) -> Iterator[Feature]:
    pipeline = subject.pipeline
    if pipeline.mode is not Mode.SUPERSEDED:
        yield Feature(("executionMode",), f"Execution mode {pipeline.mode}")
    if pipeline.variables:
        yield Feature(("variables",), "Pipeline variable")
    if pipeline.triggers:
        yield Feature(("triggers",), "Pipeline trigger")
    for i, stage in enumerate(subject.document.get("stages", ())):
        for member in ("beforeEntry", "onSuccess", "onFailure"):
            if member in stage:
                yield Feature(("stages", i, member), f"Stage condition {member}")
    for place in subject.actions:
        if place.spec and place.spec.v2:
            name = f"Action type {place.action.type.provider}"
            yield Feature((*place.path, "actionTypeId"), name, of_action=True)
