"""The build that commands of a pipeline are: of a Commands action, or of a rule (CP-126, CP-074).

There is no project of the user's: what CodeBuild would read in one is made here.
"""

from __future__ import annotations

import json
from typing import Any

from penstock.documents.pipelines import Action, Pipeline, Rule

Document = dict[str, Any]

TIMEOUT = 55
"""Minutes that the commands may take (CP-126)."""
_QUEUED = 60  # minutes that the build may wait for a worker
_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""AWS says nothing of the image (CP-126)."""


def project_name(pipeline: str) -> str:
    """No project of a user's has a point in its name."""
    return f"codepipeline.{pipeline}"


def log_group(pipeline: str) -> str:
    return f"/aws/codepipeline/{pipeline}"


def commands_project(pipeline: Pipeline, action: Action | Rule) -> Document:
    """A project's document whose buildspec has the commands of an action, or of a rule."""
    variables = action.environment if isinstance(action, Action) else ()
    return {
        "name": project_name(pipeline.name),
        "source": {"type": "CODEPIPELINE", "buildspec": _buildspec(action)},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": _IMAGE,
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [variable._asdict() for variable in variables],
        },
        "serviceRole": action.role_arn or pipeline.role_arn,
        "timeoutInMinutes": TIMEOUT,
        "queuedTimeoutInMinutes": _QUEUED,
        "logsConfig": {
            "cloudWatchLogs": {
                "status": "ENABLED",
                "groupName": log_group(pipeline.name),
            }
        },
    }


def _buildspec(action: Action | Rule) -> str:
    """JSON, which is YAML too."""
    spec: Document = {"version": 0.2, "phases": {"build": {"commands": list(action.commands)}}}
    if isinstance(action, Action):
        if action.output_variables:
            spec["env"] = {"exported-variables": list(action.output_variables)}
        if action.outputs:
            spec["artifacts"] = {"files": list(action.outputs[0].files) or ["**/*"]}
    return json.dumps(spec, ensure_ascii=False)
