"""A declaration as its rules look at it: the values, where each is, what types there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.action_types import ActionTypeSpec, action_type
from penstock.documents.model_shapes import Path
from penstock.documents.pipelines import Action, Condition, Pipeline, Stage, TypeId


class ActionPlace(NamedTuple):
    """An action where it stands; `number` is its stage's, from 0, and `spec` is None where there is
    no such type."""

    number: int
    stage: Stage
    action: Action
    path: Path
    spec: ActionTypeSpec | None

    @property
    def order(self) -> tuple[int, int]:
        """Of two actions the one with the lower order has surely ended before the other begins."""
        return self.number, self.action.run_order


class ConditionPlace(NamedTuple):
    """`kind` is the member of the stage: beforeEntry, onSuccess, onFailure."""

    number: int
    stage: Stage
    kind: str
    condition: Condition
    path: Path


class Subject(NamedTuple):
    """`region` is the pipeline's, or "" where nobody knows it."""

    document: Mapping[str, Any]
    pipeline: Pipeline
    region: str
    actions: tuple[ActionPlace, ...]
    conditions: tuple[ConditionPlace, ...]


def subject_of(
    document: Mapping[str, Any],
    pipeline: Pipeline,
    custom: Mapping[TypeId, ActionTypeSpec],
    region: str,
) -> Subject:
    actions = tuple(
        ActionPlace(i, stage, one, ("stages", i, "actions", j), action_type(one.type, custom))
        for i, stage in enumerate(pipeline.stages)
        for j, one in enumerate(stage.actions)
    )
    conditions = tuple(
        place for i, stage in enumerate(pipeline.stages) for place in _conditions(i, stage)
    )
    return Subject(document, pipeline, region, actions, conditions)


def _conditions(i: int, stage: Stage) -> Iterator[ConditionPlace]:
    for kind, condition in (
        ("beforeEntry", stage.before_entry),
        ("onSuccess", stage.on_success),
        ("onFailure", stage.on_failure and stage.on_failure.condition),
    ):
        if condition is not None:
            yield ConditionPlace(i, stage, kind, condition, ("stages", i, kind, "conditions", 0))
