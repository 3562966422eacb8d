"""`penstock retry`: tries a failed stage of a pipeline again, in the same execution."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import failed_stage, find_run, find_state
from penstock.cli.server_command import HELP, JSON, CommandError, options

USAGE = Usage(
    "retry",
    "Tries the failed actions of a stage again; without STAGE, of the one that failed.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--all",), "all actions of the stage, not the failed ones only"),
        Option(
            ("--execution",), "of this execution; default: the last that was in the stage", "ID"
        ),
        JSON,
        HELP,
    ),
    words="PIPELINE [STAGE]",
)


def perform(given: Given) -> int:
    if not 1 <= len(given.words) <= 2:
        raise UsageError("penstock retry takes a PIPELINE, and maybe a STAGE")
    name = given.words[0]
    client = Api(given).client("codepipeline")
    state = find_state(client, name)
    if len(given.words) == 2:
        stage = given.words[1]
        latest = [
            one.get("latestExecution", {}).get("pipelineExecutionId", "")
            for one in state["stageStates"]
            if one["stageName"] == stage
        ]
        if not latest:
            raise CommandError(f"pipeline {name} has no stage {stage}")
        run = latest[0]
    else:
        stage, run = failed_stage(state)
    if asked := given.last("execution"):
        run = find_run(client, name, asked)["pipelineExecutionId"]
    if not run:
        raise CommandError(f"no execution has been in stage {stage}")
    mode = "ALL_ACTIONS" if given.has("all") else "FAILED_ACTIONS"
    answer = client.retry_stage_execution(
        pipelineName=name, stageName=stage, pipelineExecutionId=run, retryMode=mode
    )
    shown = {"stageName": stage, "pipelineExecutionId": answer["pipelineExecutionId"]}
    print(json.dumps(shown) if given.has("json") else f"{stage} again, in {run}")
    return 0
