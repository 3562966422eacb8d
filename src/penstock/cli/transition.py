"""`penstock transition`: closes and opens the way into a stage."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import find_state
from penstock.cli.server_command import HELP, JSON, CommandError, options

USAGE = Usage(
    "transition",
    "Disables or enables the transition into a stage; what is in the stage goes on.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--reason", "-m"), "why it is disabled; everybody who looks sees it", "TEXT"),
        JSON,
        HELP,
    ),
    words="enable|disable PIPELINE STAGE",
)
_WHY = "by penstock transition"


def perform(given: Given) -> int:
    if len(given.words) != 3 or given.words[0] not in ("enable", "disable"):
        raise UsageError("penstock transition takes enable or disable, a PIPELINE and a STAGE")
    what, name, stage = given.words
    client = Api(given).client("codepipeline")
    stages = [one["stageName"] for one in find_state(client, name)["stageStates"]]
    if stage not in stages:
        raise CommandError(f"pipeline {name} has no stage {stage}: it has {', '.join(stages)}")
    place = {"pipelineName": name, "stageName": stage, "transitionType": "Inbound"}
    if what == "disable":
        client.disable_stage_transition(**place, reason=given.last("reason") or _WHY)
    else:
        client.enable_stage_transition(**place)
    shown = {"stageName": stage, "enabled": what == "enable"}
    print(json.dumps(shown) if given.has("json") else f"the transition into {stage}: {what}d")
    return 0
