"""GetPipelineState's answer: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from penstock.documents.pipelines import Mode
from penstock.services.codepipeline.action_views import latest_action, latest_rule
from penstock.services.codepipeline.execution_views import moment
from penstock.services.service import Answer
from penstock.state.pipelines import (
    ConditionKind,
    ConditionRun,
    Gate,
    Run,
    StageRun,
    StageState,
)
from penstock.store.pipeline_executions import Remembered

_STATES = {
    ConditionKind.BEFORE_ENTRY: "beforeEntryConditionState",
    ConditionKind.ON_SUCCESS: "onSuccessConditionState",
    ConditionKind.ON_FAILURE: "onFailureConditionState",
}
Rows = Mapping[tuple[str, str, str], Any]
"""The latest execution of each action and rule, by stage, condition ("" for actions) and name."""


def shown_state(pipeline: Any, remembered: Remembered, rows: Rows) -> Answer:
    document = pipeline.document
    mode = Mode(document.get("executionMode", Mode.SUPERSEDED))
    stages = [
        _stage(
            stage, remembered.stages.get(stage["name"], StageState()), remembered.runs, rows, mode
        )
        for stage in document["stages"]
    ]
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.current,
        "stageStates": stages,
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage(
    declared: Mapping[str, Any],
    state: StageState,
    runs: Mapping[UUID, Run],
    rows: Rows,
    mode: Mode,
) -> Answer:
    name = declared["name"]
    shown: Answer = {
        "stageName": name,
        "inboundTransitionState": _gate(state.gate),
        "actionStates": [
            _action(action, rows.get((name, "", action["name"])), runs, mode)
            for action in declared["actions"]
        ],
    }
    waiting = [
        {"pipelineExecutionId": str(run), "status": "InProgress", "type": runs[run].type}
        for run in state.waiting
        if run in runs
    ]
    if waiting:
        shown |= {"inboundExecution": waiting[-1], "inboundExecutions": waiting}
    latest = runs.get(state.latest) if state.latest else None
    if latest is not None and name in latest.stages:
        shown |= _latest(name, latest, latest.stages[name], rows)
    return shown


def _gate(gate: Gate) -> Answer:
    shown: Answer = {"enabled": gate.enabled}
    if gate.changed:
        shown |= {"lastChangedBy": gate.by, "lastChangedAt": moment(gate.changed)}
    if not gate.enabled and gate.reason:
        shown["disabledReason"] = gate.reason
    return shown


def _action(
    declared: Mapping[str, Any], row: Any | None, runs: Mapping[UUID, Run], mode: Mode
) -> Answer:
    shown: Answer = {"actionName": declared["name"]}
    if row is None:
        return shown
    shown["latestExecution"] = latest_action(row, mode)
    run = runs.get(row.execution)
    revision = run.revisions.get(declared["name"]) if run else None
    if run is not None and revision is not None:
        shown["currentRevision"] = {
            "revisionId": revision.id,
            "revisionChangeId": revision.id[:100],
            "created": moment(run.started),
        }
        if revision.url:
            shown["revisionUrl"] = revision.url
    return shown


def _latest(name: str, run: Run, stage: StageRun, rows: Rows) -> Answer:
    """What is told of the execution that was in the stage last."""
    shown: Answer = {
        "latestExecution": {
            "pipelineExecutionId": str(run.id),
            "status": stage.status,
            "type": run.type,
        }
    }
    for kind, condition in stage.conditions.items():
        shown[_STATES[ConditionKind(kind)]] = _condition(name, ConditionKind(kind), condition, rows)
    if stage.trigger:
        attempts = {
            "autoStageRetryAttempt": stage.automatic,
            "manualStageRetryAttempt": stage.manual,
        }
        shown["retryStageMetadata"] = {
            **{member: count for member, count in attempts.items() if count},
            "latestRetryTrigger": stage.trigger,
        }
    return shown


def _condition(name: str, kind: ConditionKind, condition: ConditionRun, rows: Rows) -> Answer:
    status = {"status": condition.status}
    changed = moment(condition.ended or condition.started)
    return {
        "latestExecution": status,
        "conditionStates": [
            {
                "latestExecution": {**status, "lastStatusChange": changed},
                "ruleStates": [
                    _rule(rule, rows.get((name, kind, rule))) for rule in condition.rules
                ],
            }
        ],
    }


def _rule(name: str, row: Any | None) -> Answer:
    return {"ruleName": name, **({"latestExecution": latest_rule(row)} if row else {})}
