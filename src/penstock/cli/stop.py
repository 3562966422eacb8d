"""`penstock stop`: stops an execution of a pipeline."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import find_run
from penstock.cli.server_command import HELP, JSON, options

USAGE = Usage(
    "stop",
    "Stops an execution, by default the newest, once the actions that run have ended.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--abandon",), "at once: what actions have begun elsewhere goes on unheeded"),
        Option(("--reason", "-m"), "why; it is kept with the execution", "TEXT"),
        JSON,
        HELP,
    ),
    words="PIPELINE [EXECUTION]",
)


def perform(given: Given) -> int:
    if not 1 <= len(given.words) <= 2:
        raise UsageError("penstock stop takes a PIPELINE, and maybe an EXECUTION")
    name = given.words[0]
    client = Api(given).client("codepipeline")
    run = find_run(client, name, given.words[1] if len(given.words) == 2 else "")
    reason = given.last("reason")
    answer = client.stop_pipeline_execution(
        pipelineName=name,
        pipelineExecutionId=run["pipelineExecutionId"],
        abandon=given.has("abandon"),
        **({"reason": reason} if reason else {}),
    )
    stopped = answer["pipelineExecutionId"]
    print(json.dumps({"pipelineExecutionId": stopped}) if given.has("json") else stopped)
    return 0
