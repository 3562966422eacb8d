"""A pipeline in words: pure, from what the API answers to lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.cli.pipeline_runs import Approval, is_approval

Member = Mapping[str, Any]

_MARKS = {
    "Succeeded": "✓",
    "Failed": "✗",
    "InProgress": "●",
    "Stopping": "●",
    "Stopped": "■",
    "Abandoned": "■",
    "Cancelled": "■",
    "Superseded": "»",
    "Skipped": "»",
}
_SHORT = 8  # characters of an id or a commit


def short(text: str) -> str:
    return text[:_SHORT]


def seconds(start: datetime | None, end: datetime | None) -> str:
    """How long something took; "" where it has not begun."""
    return f"{(end - start).total_seconds():.1f} s" if start and end else ""


def moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def pipelines_table(pipelines: Sequence[Member]) -> list[str]:
    if not pipelines:
        return ["No pipelines."]
    return [
        f"{one['name']:<40} v{one['version']:<4} {one.get('pipelineType', ''):<3}"
        f" {one.get('executionMode', ''):<11} {moment(one.get('updated'))}".rstrip()
        for one in pipelines
    ]


def run_line(run: Member) -> str:
    """One execution of a pipeline."""
    cause = run.get("trigger", {}).get("triggerType", "")
    revisions = ", ".join(
        f"{one['actionName']} {short(one.get('revisionId', ''))}"
        for one in run.get("sourceRevisions", ())
    )
    return " ".join(
        filter(
            None,
            (
                f"{mark(run['status'])} {short(run['pipelineExecutionId'])}",
                f"{run['status']:<11}",
                moment(run.get("startTime")),
                f"{seconds(run.get('startTime'), run.get('lastUpdateTime')):>9}",
                cause,
                revisions,
            ),
        )
    )


def mark(status: str) -> str:
    return _MARKS.get(status, " ")


def describe(state: Member, runs: Sequence[Member], waiting: Iterable[Approval]) -> list[str]:
    """A pipeline's stages as they are now, its last executions, and what somebody has to do."""
    name = state["pipelineName"]
    lines = [f"{name}  v{state.get('pipelineVersion', '')}"]
    for stage in state["stageStates"]:
        lines += _stage(stage)
    lines += ["", *(run_line(run) for run in runs)] if runs else ["", "No executions."]
    lines += [
        f"{one.stage}/{one.action} waits for an approval in {short(one.run)}:"
        f" penstock approve {name}"
        for one in waiting
    ]
    return lines


def _stage(stage: Member) -> list[str]:
    latest = stage.get("latestExecution", {})
    gate = stage.get("inboundTransitionState", {})
    shown = (
        f"{stage['stageName']:<24} {_status(latest)} {short(latest.get('pipelineExecutionId', ''))}"
    )
    if not gate.get("enabled", True):
        shown += f"  closed: {gate.get('disabledReason', '')}"
    inbound = stage.get("inboundExecutions") or [
        one for one in (stage.get("inboundExecution"),) if one
    ]
    if inbound:
        ids = ", ".join(short(one["pipelineExecutionId"]) for one in inbound)
        shown += f"  waiting: {ids}"
    return [shown.rstrip(), *(_action(action) for action in stage["actionStates"])]


def _action(action: Member) -> str:
    latest = action.get("latestExecution", {})
    said = latest.get("errorDetails", {}).get("message") or latest.get("summary", "")
    return f"  {action['actionName']:<22} {_status(latest)} {_first_line(said)}".rstrip()


def _status(latest: Member) -> str:
    status = latest.get("status", "")
    return f"{mark(status)} {status:<10}"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def action_line(action: Member) -> str:
    """An execution of an action, as it is told while somebody watches."""
    status = action["status"]
    place = f"{action['stageName']}/{action['actionName']}"
    took = "" if status == "InProgress" else seconds(action["startTime"], action["lastUpdateTime"])
    result = action.get("output", {}).get("executionResult", {})
    said = result.get("errorDetails", {}).get("message", "") if status == "Failed" else ""
    if status == "InProgress":
        said = (
            "waits for an approval"
            if is_approval(action)
            else result.get("externalExecutionId", "")
        )
    return f"{mark(status)} {place:<32} {status:<10} {took:>9} {_first_line(said)}".rstrip()
