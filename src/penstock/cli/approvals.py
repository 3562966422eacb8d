"""Answering an approval that a pipeline waits for: `penstock approve` and `penstock reject`."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import find_run, waiting_approvals
from penstock.cli.pipeline_view import short
from penstock.cli.server_command import HELP, JSON, CommandError, options


def usage(command: str, summary: str) -> Usage:
    return Usage(
        command,
        summary,
        (
            *options("data"),
            ENDPOINT,
            Option(("--summary", "-m"), "why; it is kept with the answer", "TEXT"),
            Option(("--execution",), "in this execution, where several wait", "ID"),
            JSON,
            HELP,
        ),
        words="PIPELINE [ACTION]",
    )


def answer(given: Given, status: str) -> int:
    """Answers the one approval that waits, or that of the ACTION named."""
    if not 1 <= len(given.words) <= 2:
        raise UsageError("this takes a PIPELINE, and an ACTION where several wait")
    name, action = given.words[0], given.words[1] if len(given.words) == 2 else ""
    client = Api(given).client("codepipeline")
    asked = given.last("execution")
    run = find_run(client, name, asked)["pipelineExecutionId"] if asked else ""
    waiting = waiting_approvals(client, name, run, action)
    if not waiting:
        which = f"action {action} of {name} does not wait" if action else f"{name} waits for none"
        raise CommandError(f"no approval to answer: {which}")
    if len(waiting) > 1:
        names = ", ".join(f"{one.stage}/{one.action} in {short(one.run)}" for one in waiting)
        raise CommandError(f"several approvals wait, name the ACTION or --execution: {names}")
    (approval,) = waiting
    answered = client.put_approval_result(
        pipelineName=name,
        stageName=approval.stage,
        actionName=approval.action,
        result={"summary": given.last("summary") or "", "status": status},
        token=approval.token,
    )
    shown = {
        "stageName": approval.stage,
        "actionName": approval.action,
        "status": status,
        "approvedAt": answered["approvedAt"],
    }
    line = f"{approval.stage}/{approval.action} {status}"
    print(json.dumps(shown, default=str) if given.has("json") else line)
    return 0
