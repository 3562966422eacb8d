"""`penstock start`: starts an execution of a pipeline."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.pipeline_runs import find_state
from penstock.cli.server_command import HELP, JSON, options

USAGE = Usage(
    "start",
    "Starts an execution of a pipeline, and prints its id.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--variable",), "a pipeline variable, for this execution", "NAME=VALUE", True),
        Option(
            ("--revision",),
            "what a source action fetches: a commit, or s3:VERSION, s3key:KEY, image:DIGEST",
            "ACTION=REVISION",
            True,
        ),
        JSON,
        HELP,
    ),
    words="PIPELINE",
)
_KINDS = {"s3": "S3_OBJECT_VERSION_ID", "s3key": "S3_OBJECT_KEY", "image": "IMAGE_DIGEST"}


def perform(given: Given) -> int:
    if len(given.words) != 1:
        raise UsageError("penstock start takes one PIPELINE")
    client = Api(given).client("codepipeline")
    find_state(client, given.words[0])
    variables = [_pair("--variable", text) for text in given.all("variable")]
    revisions = [_pair("--revision", text) for text in given.all("revision")]
    asked = {
        "variables": [{"name": name, "value": value} for name, value in variables],
        "sourceRevisions": [_revision(action, text) for action, text in revisions],
    }
    answer = client.start_pipeline_execution(
        name=given.words[0], **{member: value for member, value in asked.items() if value}
    )
    run = answer["pipelineExecutionId"]
    print(json.dumps({"pipelineExecutionId": run}) if given.has("json") else run)
    return 0


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{option} is NAME=VALUE, not {text!r}")
    return name, value


def _revision(action: str, text: str) -> dict[str, str]:
    kind, colon, value = text.partition(":")
    known = _KINDS.get(kind) if colon else None
    return {
        "actionName": action,
        "revisionType": known or "COMMIT_ID",
        "revisionValue": value if known else text,
    }
