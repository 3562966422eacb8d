"""Which artifact comes from where (CP-007): an input is what an action before it has put out."""

from __future__ import annotations

from penstock.documents.model_shapes import Path
from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.subject import Subject

Order = tuple[int, int]
_LAST = 1 << 30  # above any runOrder


def check_artifacts(subject: Subject, problems: Problems) -> None:
    made = _outputs(subject, problems)
    for place in subject.actions:
        for i, name in enumerate(place.action.inputs):
            path = (*place.path, "inputArtifacts", i, "name")
            _check_input(name, place.action.name, place.order, path, made, problems)
    for condition in subject.conditions:
        before = condition.kind == "beforeEntry"
        order = (condition.number, 0 if before else _LAST)
        for i, rule in enumerate(condition.condition.rules):
            for j, name in enumerate(rule.inputs):
                path = (*condition.path, "rules", i, "inputArtifacts", j, "name")
                _check_input(name, rule.name, order, path, made, problems)


def _outputs(subject: Subject, problems: Problems) -> dict[str, Order]:
    """When each artifact is made."""
    made: dict[str, Order] = {}
    for place in subject.actions:
        for i, output in enumerate(place.action.outputs):
            if output.name and output.name in made:
                problems.action(
                    (*place.path, "outputArtifacts", i, "name"),
                    "Output Artifact Bundle name must be unique within the pipeline:"
                    f" {shown(output.name)} is used more than once",
                )
            made.setdefault(output.name, place.order)
    return made


def _check_input(
    name: str, consumer: str, order: Order, path: Path, made: dict[str, Order], problems: Problems
) -> None:
    if name and made.get(name, order) >= order:
        problems.action(
            path,
            f"Input Artifact Bundle {shown(name)} in action {shown(consumer)} is not declared as"
            " Output Artifact Bundle in any of the preceding actions",
        )
