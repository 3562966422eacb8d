"""Executions of actions and rules in the API's shapes: pure, of their rows."""

from __future__ import annotations

from typing import Any

from penstock.documents.pipelines import Mode
from penstock.services.service import Answer
from penstock.state.pipelines import ActionStatus


def shown_action(row: Any, region: str) -> Answer:
    """ActionExecutionDetail"""
    shown = {
        "actionExecutionId": str(row.id),
        "actionName": row.action,
        **_detail(row, region),
    }
    output: Answer = {"executionResult": _result(row)}
    for member in ("outputArtifacts", "outputVariables"):
        if row.output.get(member):
            output[member] = row.output[member]
    return {**shown, "output": output}


def shown_rule(row: Any, region: str) -> Answer:
    """RuleExecutionDetail"""
    result = {member: value for member, value in _result(row).items() if member != "logStreamARN"}
    return {
        "ruleExecutionId": str(row.id),
        "ruleName": row.action,
        **_detail(row, region),
        "output": {"executionResult": result},
    }


def _detail(row: Any, region: str) -> Answer:
    shown = {
        "pipelineExecutionId": str(row.execution),
        "pipelineVersion": row.version,
        "stageName": row.stage,
        "startTime": row.started,
        "lastUpdateTime": row.updated,
        "status": row.status,
        "input": {"region": region, **row.input},
    }
    if row.updated_by:
        shown["updatedBy"] = row.updated_by
    return shown


def _result(row: Any) -> Answer:
    shown = {
        "externalExecutionId": row.external_id,
        "externalExecutionSummary": row.summary,
        "externalExecutionUrl": row.external_url,
        "errorDetails": row.error,
        "logStreamARN": row.log_stream_arn,
    }
    return {member: value for member, value in shown.items() if value}


def latest_action(row: Any, mode: Mode) -> Answer:
    """ActionExecution, as GetPipelineState has it. The token of an approval in PARALLEL mode is
    found in its own execution only (CP-061)."""
    shown: Answer = {
        "actionExecutionId": str(row.id),
        **_latest(row),
        "percentComplete": row.percent_complete,
        "logStreamARN": row.log_stream_arn,
    }
    if row.token and row.status == ActionStatus.IN_PROGRESS and mode is not Mode.PARALLEL:
        shown["token"] = str(row.token)
    return {member: value for member, value in shown.items() if value not in ("", None)}


def latest_rule(row: Any) -> Answer:
    """RuleExecution"""
    shown = {"ruleExecutionId": str(row.id), **_latest(row)}
    return {member: value for member, value in shown.items() if value not in ("", None)}


def _latest(row: Any) -> Answer:
    return {
        "status": row.status,
        "summary": row.summary,
        "lastStatusChange": row.updated,
        "lastUpdatedBy": row.updated_by,
        "externalExecutionId": row.external_id,
        "externalExecutionUrl": row.external_url,
        "errorDetails": row.error,
    }
