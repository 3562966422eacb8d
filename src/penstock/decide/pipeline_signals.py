"""What the world is told of a pipeline: the details of its events (CP-170…173). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from penstock.decide.action_documents import Document, type_document
from penstock.documents.pipelines import Action, Stage
from penstock.state.pipelines import Decision, EndedAction, Run, StartAction, State, Told
from penstock.state.recorded_pipelines import PipelineName

PIPELINE = "CodePipeline Pipeline Execution State Change"
STAGE = "CodePipeline Stage Execution State Change"
ACTION = "CodePipeline Action Execution State Change"
STARTED = "STARTED"


class Performed(NamedTuple):
    """What the record of an action's execution says of it; artifacts are ArtifactDetails."""

    external_id: str = ""
    external_url: str = ""
    summary: str = ""
    inputs: Sequence[Document] = ()
    outputs: Sequence[Document] = ()


class Signal(NamedTuple):
    detail_type: str
    detail: Document


def executions_told(decision: Decision) -> dict[int, UUID]:
    """The ids of the executions that the decision's effects tell of, by the effects' places.

    An end is told right after it; a start before it, or before an end that comes without one.
    """
    ids: dict[int, UUID] = {}
    last: dict[tuple[UUID, str, str], UUID] = {}
    asked: dict[tuple[UUID, str, str], int] = {}
    for place, effect in enumerate(decision.effects):
        if isinstance(effect, Told) and effect.action:
            key = (effect.run, effect.stage, effect.action)
            if effect.state == STARTED:
                asked[key] = place
            elif key in last:
                ids[place] = last[key]
        elif isinstance(effect, StartAction) or (
            isinstance(effect, EndedAction) and effect.kind is None
        ):
            key = (effect.run, effect.stage, effect.action)
            last[key] = effect.id
            if key in asked:
                ids[asked.pop(key)] = effect.id
    return ids


def signals(
    name: PipelineName, decision: Decision, performed: Mapping[UUID, Performed]
) -> Iterator[Signal]:
    """The events of a decision, in order; `performed` by the ids of `executions_told`."""
    ids = executions_told(decision)
    for place, effect in enumerate(decision.effects):
        if not isinstance(effect, Told):
            continue
        run = decision.state.runs[effect.run]
        common: Document = {
            "pipeline": name.name,
            "execution-id": str(run.id),
            "state": effect.state,
            "version": run.version,
            "pipeline-execution-attempt": effect.attempt,
        }
        if not effect.stage:
            yield Signal(PIPELINE, common | _of_pipeline(run, effect.state))
        elif not effect.action:
            yield Signal(STAGE, common | {"stage": effect.stage})
        else:
            action = _action(decision.state, run, effect)
            execution = ids.get(place)
            known = performed.get(execution, Performed()) if execution else Performed()
            shown = _of_action(action, effect, known, name)
            if execution:
                shown["action-execution-id"] = str(execution)
            yield Signal(ACTION, common | shown)


def failed_runs(decision: Decision) -> int:
    """How many runs have failed by a decision (CP-175)."""
    return sum(
        isinstance(effect, Told) and not effect.stage and effect.state == "FAILED"
        for effect in decision.effects
    )


def _of_pipeline(run: Run, state: str) -> Document:
    if state == STARTED:
        cause = {"trigger-type": run.cause.type, "trigger-detail": run.cause.detail}
        return {"execution-trigger": cause}
    if state == "STOPPING" and run.reason:
        return {"stop-execution-comments": run.reason}
    return {}


def _of_action(action: Action, told: Told, known: Performed, name: PipelineName) -> Document:
    shown: Document = {
        "stage": told.stage,
        "action": told.action,
        "region": action.region or name.region,
        "type": type_document(action.type),
    }
    if known.inputs:
        shown["input-artifacts"] = list(known.inputs)
    if known.outputs:
        shown["output-artifacts"] = list(known.outputs)
    result = _result(told, known)
    if told.state != STARTED and result:
        shown["execution-result"] = result
    return shown


def _result(told: Told, known: Performed) -> dict[str, Any]:
    members = {
        "external-execution-id": known.external_id,
        "external-execution-url": known.external_url,
        "external-execution-summary": known.summary,
    }
    if told.failure is not None:
        members["external-execution-summary"] = known.summary or told.failure.message
        members["error-code"] = told.failure.code
    return {member: value for member, value in members.items() if value}


def _action(state: State, run: Run, told: Told) -> Action:
    stages: tuple[Stage, ...] = state.definitions[run.version].stages
    stage = next(stage for stage in stages if stage.name == told.stage)
    return next(action for action in stage.actions if action.name == told.action)
