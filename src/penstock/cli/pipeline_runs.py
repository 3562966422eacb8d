"""A pipeline as the API tells of it: its stages, its executions, what waits for an approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.cli.server_command import CommandError

Member = dict[str, Any]
UNFINISHED = ("InProgress", "Stopping")


class Approval(NamedTuple):
    """An approval that is asked for; the token stands for this very time of asking."""

    stage: str
    action: str
    token: str
    run: str


def find_state(client: Any, name: str) -> Member:
    """GetPipelineState's answer. Raises CommandError without the pipeline."""
    try:
        state: Member = client.get_pipeline_state(name=name)
    except client.exceptions.PipelineNotFoundException:
        raise CommandError(
            f"there is no pipeline {name}: `penstock pipelines` lists them"
        ) from None
    return state


def list_runs(client: Any, name: str, limit: int) -> list[Member]:
    """Its executions, the newest first."""
    pages = client.get_paginator("list_pipeline_executions").paginate(
        pipelineName=name, PaginationConfig={"MaxItems": limit}
    )
    return [run for page in pages for run in page["pipelineExecutionSummaries"]]


def find_run(client: Any, name: str, asked: str = "") -> Member:
    """An execution by its id or the beginning of it; the newest where none is asked for.

    Raises CommandError.
    """
    find_state(client, name)
    limit = 1000 if asked else 1
    runs = [r for r in list_runs(client, name, limit) if r["pipelineExecutionId"].startswith(asked)]
    if not runs:
        which = f"no execution {asked}" if asked else "no execution yet: start one"
        raise CommandError(f"pipeline {name} has {which}")
    if len(runs) > 1:
        raise CommandError(f"pipeline {name} has {len(runs)} executions {asked}…: say more of it")
    return runs[0]


def list_actions(client: Any, name: str, run: str) -> list[Member]:
    """The executions of actions in one of the pipeline, in the order in which they began."""
    pages = client.get_paginator("list_action_executions").paginate(
        pipelineName=name, filter={"pipelineExecutionId": run}
    )
    found = [action for page in pages for action in page["actionExecutionDetails"]]
    return sorted(found, key=lambda action: action["startTime"])


def is_approval(action: Mapping[str, Any]) -> bool:
    """Whether an action's execution is one that somebody is to approve."""
    return bool(action["input"]["actionTypeId"]["category"] == "Approval")


def waiting_approvals(client: Any, name: str, run: str = "", action: str = "") -> list[Approval]:
    """Those of all executions, or of one, and of all actions, or of one."""
    found = [
        Approval(stage["stageName"], one["actionName"], latest["token"], _run_of(stage))
        for stage in find_state(client, name)["stageStates"]
        for one in stage["actionStates"]
        if (latest := one.get("latestExecution", {})).get("token")
        and latest["status"] == "InProgress"
    ]
    if not found:
        found = _parallel_approvals(client, name, run)
    return [one for one in found if action in ("", one.action) and run in ("", one.run)]


def _run_of(stage: Member) -> str:
    return str(stage.get("latestExecution", {}).get("pipelineExecutionId", ""))


def _parallel_approvals(client: Any, name: str, run: str) -> list[Approval]:
    """In PARALLEL mode the state has no tokens: they are in the executions (CP-061)."""
    runs = (
        [run]
        if run
        else [
            one["pipelineExecutionId"]
            for one in list_runs(client, name, _LOOKED_AT)
            if one["status"] in UNFINISHED and one.get("executionMode") == "PARALLEL"
        ]
    )
    return [
        Approval(one["stageName"], one["actionName"], token, each)
        for each in runs
        for one in list_actions(client, name, each)
        if one["status"] == "InProgress" and is_approval(one) and (token := _external_id(one))
    ]


_LOOKED_AT = 50  # executions, the newest


def _external_id(action: Member) -> str:
    result = action.get("output", {}).get("executionResult", {})
    return str(result.get("externalExecutionId", ""))


def failed_stage(state: Member) -> tuple[str, str]:
    """The stage whose latest execution failed or was stopped, and that execution's id.

    Raises CommandError.
    """
    for stage in state["stageStates"]:
        latest = stage.get("latestExecution", {})
        if latest.get("status") in ("Failed", "Stopped"):
            return stage["stageName"], latest["pipelineExecutionId"]
    raise CommandError(f"no stage of {state['pipelineName']} has failed or was stopped")
