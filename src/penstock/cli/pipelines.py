"""`penstock pipelines`: the pipelines of a server, or one of them, as it is or as it goes on."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import (
    UNFINISHED,
    Member,
    find_run,
    find_state,
    is_approval,
    list_actions,
    list_runs,
    waiting_approvals,
)
from penstock.cli.pipeline_view import action_line, describe, pipelines_table, run_line, seconds
from penstock.cli.server_command import HELP, JSON, options
from penstock.cli.terminal import Terminal

USAGE = Usage(
    "pipelines",
    "Lists pipelines, or shows one: its stages, what waits, its last executions.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--watch", "-w"), "follow an execution, by default the newest, until it is over"),
        Option(("--execution",), "which execution to follow", "ID"),
        Option(
            ("--until",), "follow it until somebody has to approve", "WHAT", False, ("approval",)
        ),
        Option(("--limit", "-n"), "how many executions to list; default: 5", "N"),
        JSON,
        HELP,
    ),
    words="[PIPELINE]",
    notes="With --watch the exit code is 0 where the execution succeeded (or waits, with --until).",
)
_LIMIT = 5
_AGAIN = 0.2  # seconds until an execution is looked at again


def perform(given: Given) -> int:
    if len(given.words) > 1 or (given.has("watch") and not given.words):
        raise UsageError("penstock pipelines takes one PIPELINE")
    if not given.has("watch") and (given.has("until") or given.has("execution")):
        raise UsageError("--until and --execution are for --watch")
    client = Api(given).client("codepipeline")
    if not given.words:
        return _list(client, given)
    if given.has("watch"):
        return _watch(client, given)
    return _show(client, given)


def _list(client: Any, given: Given) -> int:
    pages = client.get_paginator("list_pipelines").paginate()
    found = [pipeline for page in pages for pipeline in page["pipelines"]]
    print(_json(found) if given.has("json") else "\n".join(pipelines_table(found)))
    return 0


def _show(client: Any, given: Given) -> int:
    name, limit = given.words[0], _limit(given)
    state = find_state(client, name)
    runs = list_runs(client, name, limit)
    if given.has("json"):
        state.pop("ResponseMetadata", None)
        print(_json({**state, "executions": runs}))
    else:
        print("\n".join(describe(state, runs, waiting_approvals(client, name))))
    return 0


def _limit(given: Given) -> int:
    text = given.last("limit") or str(_LIMIT)
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--limit is a number from 1, not {text!r}")
    return int(text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)


def _watch(client: Any, given: Given) -> int:
    """Tells each change of an action once, and keeps what runs now in a line below."""
    name = given.words[0]
    run = find_run(client, name, given.last("execution") or "")
    terminal = Terminal()
    told: dict[str, str] = {}
    while True:
        # Asked before the actions are: those of an execution that is over are all over then.
        run = find_run(client, name, run["pipelineExecutionId"])
        actions = list_actions(client, name, run["pipelineExecutionId"])
        for action in actions:
            if told.get(action["actionExecutionId"]) != action["status"]:
                told[action["actionExecutionId"]] = action["status"]
                _tell(terminal, action, given)
        running = [action for action in actions if action["status"] == "InProgress"]
        if run["status"] not in UNFINISHED:
            terminal.show_status("")
            _tell_end(terminal, run, given)
            return 0 if run["status"] == "Succeeded" else 1
        if given.has("until") and any(map(is_approval, running)):
            terminal.show_status("")
            return 0
        terminal.show_status(_status(running))
        time.sleep(_AGAIN)


def _tell(terminal: Terminal, action: Member, given: Given) -> None:
    if given.has("json"):
        terminal.print(json.dumps(action, default=str))
    else:
        terminal.print(action_line(action))


def _tell_end(terminal: Terminal, run: Member, given: Given) -> None:
    terminal.print(json.dumps(run, default=str) if given.has("json") else run_line(run))


def _status(running: list[Member]) -> str:
    now = datetime.now(UTC)
    return "  ".join(
        f"{one['stageName']}/{one['actionName']} {seconds(one['startTime'], now)}"
        for one in running
    )
