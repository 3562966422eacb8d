"""What performs a pipeline's actions and rules: a function for each provider, imported when used.

A provider is `async def start(store, start) -> Outcome` (`actions.contract`). Custom actions are
done by job workers, all of them. What is not in the table may be in a pipeline: it fails when run.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from penstock.actions.contract import (
    Done,
    Failed,
    Later,
    Outcome,
    Provider,
    Start,
    Succeeded,
    Waiting,
)
from penstock.documents.pipelines import TypeId
from penstock.store import Store

__all__ = [
    "PROVIDERS", "Done", "Failed", "Later", "Outcome", "Start", "Succeeded", "Waiting",
    "provider_of",
]  # fmt: skip

PROVIDERS: Mapping[tuple[str, str, str], str] = {
    ("Source", "AWS", "S3"): "source_s3:start",
    ("Source", "AWS", "CodeCommit"): "source_codecommit:start",
    ("Source", "AWS", "CodeStarSourceConnection"): "source_connection:start",
    ("Source", "ThirdParty", "GitHub"): "source_github:start",
    ("Build", "AWS", "CodeBuild"): "codebuild:start",
    ("Test", "AWS", "CodeBuild"): "codebuild:start",
    ("Compute", "AWS", "Commands"): "commands:start",
    ("Deploy", "AWS", "CloudFormation"): "cloudformation:start",
    ("Deploy", "AWS", "S3"): "deploy_s3:start",
    ("Invoke", "AWS", "CodePipeline"): "invoke_codepipeline:start",
    ("Rule", "AWS", "CloudWatchAlarm"): "cloudwatch_alarm:start",
    ("Rule", "AWS", "CodeBuild"): "codebuild:start",
    ("Rule", "AWS", "Commands"): "commands:start",
    ("Rule", "AWS", "DeploymentWindow"): "deployment_window:start",
    ("Rule", "AWS", "LambdaInvoke"): "lambda_invoke:start",
    ("Rule", "AWS", "VariableCheck"): "variable_check:start",
}
"""By category, owner and provider: a module below this package, and a function in it. Manual
approvals are not here: they begin with the decision that starts them (`flow.actions`)."""
CUSTOM = "custom:start"


def provider_of(type_id: TypeId) -> Provider:
    """What performs the type."""
    place = CUSTOM if type_id.owner == "Custom" else PROVIDERS.get(type_id[:3])
    if place is None:
        return _not_implemented
    module, _, function = place.partition(":")
    found = import_module(f"{__name__}.{module}")
    provider: Provider = getattr(found, function)
    return provider


async def _not_implemented(store: Store, start: Start) -> Outcome:
    return Failed("JobFailed", f"not implemented: {start.action.type.provider}")
