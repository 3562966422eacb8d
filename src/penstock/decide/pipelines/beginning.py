"""A run begins (CP-023, CP-038, CP-095)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.entering import arrive
from penstock.decide.pipelines.refusals import check_room, refused
from penstock.documents.pipelines import Pipeline
from penstock.state.pipelines import Begin, Run

LONGEST_VARIABLE = 1000


def begin(draft: Draft, event: Begin) -> None:
    """A run of the current definition comes to the first stage.

    Raises ConcurrentPipelineExecutionsLimitExceededException; ValidationException for variables
    that are not declared or have no value, and for revisions of actions that are no sources.
    """
    if event.id in draft.runs:
        return
    pipeline = draft.pipeline
    check_room(draft, pipeline.mode)
    variables = _variables(pipeline, event.variables)
    _check_overrides(pipeline, event)
    draft.number += 1
    run = Run(
        event.id,
        draft.number,
        draft.version,
        pipeline.mode,
        event.cause,
        draft.now,
        draft.now,
        variables={
            "codepipeline": {"PipelineExecutionId": str(event.id)},
            "variables": variables,
        },
        overrides=event.overrides,
    )
    draft.tell(run, "STARTED")
    arrive(draft, run, 0)


def _variables(pipeline: Pipeline, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each variable of the pipeline: what was given, else its default."""
    declared = {variable.name: variable.default for variable in pipeline.variables}
    for name, value in given.items():
        if name not in declared:
            raise refused(
                "Validation",
                f"The pipeline {pipeline.name} has no variable named {name}."
                f" Its variables are: {', '.join(declared) or 'none'}",
            )
        if not 1 <= len(value) <= LONGEST_VARIABLE:
            raise refused(
                "Validation",
                f"The value of the variable {name} has {len(value)} characters;"
                f" 1 to {LONGEST_VARIABLE} are allowed",
            )
    values: dict[str, str] = {}
    for name, default in declared.items():
        chosen = given.get(name, default)
        if chosen is None:
            raise refused(
                "Validation",
                f"The variable {name} has no value: it has no default, so a start has to give one",
            )
        values[name] = chosen
    return values


def _check_overrides(pipeline: Pipeline, event: Begin) -> None:
    if not event.overrides:
        return
    sources = [action.name for action in pipeline.stages[0].actions]
    for override in event.overrides:
        if override.action not in sources:
            raise refused(
                "Validation",
                f"A source revision is given for {override.action}, which is no source action of"
                f" the pipeline {pipeline.name}. Its source actions are: {', '.join(sources)}",
            )
