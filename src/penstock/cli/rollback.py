"""`penstock rollback`: brings a stage back to what an earlier execution put there."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import find_run
from penstock.cli.server_command import HELP, JSON, options

USAGE = Usage(
    "rollback",
    "Rolls a stage back to an execution that succeeded in it, and prints the new one's id.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--to",), "the execution to go back to", "EXECUTION"),
        JSON,
        HELP,
    ),
    words="PIPELINE STAGE",
)


def perform(given: Given) -> int:
    target = given.last("to")
    if len(given.words) != 2 or not target:
        raise UsageError("penstock rollback takes a PIPELINE, a STAGE and --to EXECUTION")
    name, stage = given.words
    client = Api(given).client("codepipeline")
    answer = client.rollback_stage(
        pipelineName=name,
        stageName=stage,
        targetPipelineExecutionId=find_run(client, name, target)["pipelineExecutionId"],
    )
    run = answer["pipelineExecutionId"]
    print(json.dumps({"pipelineExecutionId": run}) if given.has("json") else run)
    return 0
