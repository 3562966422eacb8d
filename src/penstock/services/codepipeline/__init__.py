"""AWS CodePipeline, without the operations of third parties' job workers."""

from __future__ import annotations

from penstock.documents.model_shapes import check_shape
from penstock.services.codepipeline.action_executions import ActionExecutions
from penstock.services.codepipeline.action_types import ActionTypes
from penstock.services.codepipeline.approvals import Approvals
from penstock.services.codepipeline.errors import invalid_values
from penstock.services.codepipeline.executions import Executions
from penstock.services.codepipeline.jobs import Jobs
from penstock.services.codepipeline.pipelines import Pipelines
from penstock.services.codepipeline.revisions import Revisions
from penstock.services.codepipeline.rule_types import RuleTypes
from penstock.services.codepipeline.stages import Stages
from penstock.services.codepipeline.tags import Tags
from penstock.services.codepipeline.webhooks import Webhooks
from penstock.services.service import Answer, Handler, Request
from penstock.state.calls import Call


class CodePipeline(
    Pipelines,
    Executions,
    Stages,
    ActionExecutions,
    Approvals,
    Jobs,
    ActionTypes,
    RuleTypes,
    Revisions,
    Webhooks,
    Tags,
):
    def handler(self, operation: str) -> Handler:
        """As of every service, but words and patterns of the model are checked too: what a handler
        is given is whole, its UUIDs and its enums' words included."""
        handle = super().handler(operation)

        async def checked(call: Call, request: Request) -> Answer | None:
            _, findings = check_shape("codepipeline", f"{operation}Input", request)
            if findings:
                raise invalid_values([finding.message for finding in findings])
            return await handle(call, request)

        return checked
