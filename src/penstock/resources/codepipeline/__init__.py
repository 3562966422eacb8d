"""What CodePipeline owns: pipelines, their webhooks of the first kind, types of actions."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.codepipeline.action_types import CustomActionType
from penstock.resources.codepipeline.pipelines import Pipeline
from penstock.resources.codepipeline.webhooks import Webhook
from penstock.resources.contract import Handler

HANDLERS: Mapping[str, Handler] = {
    "AWS::CodePipeline::CustomActionType": CustomActionType(),
    "AWS::CodePipeline::Pipeline": Pipeline(),
    "AWS::CodePipeline::Webhook": Webhook(),
}
