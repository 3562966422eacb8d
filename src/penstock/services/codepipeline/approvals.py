"""Answers to approvals (CP-060…062)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from penstock.errors import AwsError
from penstock.flow.pipelines import finish_action
from penstock.services.codepipeline.errors import action_not_found, stage_not_found
from penstock.services.codepipeline.names import name_of, the_pipeline
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import ActionStatus, Failed, Succeeded
from penstock.store.action_executions import Result
from penstock.store.approvals import find_approval


class Approvals(Service):
    async def put_approval_result(self, call: Call, request: Request) -> Answer:
        name = name_of(call, request["pipelineName"])
        pipeline = await the_pipeline(self.store.database, name)
        _check_place(pipeline.document, request)
        answer = request["result"]
        outcome = Succeeded() if answer["status"] == "Approved" else _rejected(answer["summary"])
        result = Result(summary=answer["summary"], updated_by=call.principal.arn)
        async with self.store.database.transaction() as connection:
            place = (pipeline.id, request["stageName"], request["actionName"])
            found = await find_approval(connection, place, UUID(request["token"]))
            if found is None:
                raise AwsError("InvalidApprovalTokenException", "Invalid approval token")
            answered = found.status != ActionStatus.IN_PROGRESS or not await finish_action(
                connection, found.id, outcome, call.now, result=result
            )
            if answered:
                raise AwsError(
                    "ApprovalAlreadyCompletedException", "The approval has already been completed"
                )
        return {"approvedAt": call.now}


def _rejected(summary: str) -> Failed:
    return Failed("JobFailed", summary or "The approval was rejected")


def _check_place(document: Any, request: Request) -> None:
    stages = {stage["name"]: stage for stage in document["stages"]}
    stage = stages.get(request["stageName"])
    if stage is None:
        raise stage_not_found(request["stageName"])
    if request["actionName"] not in [action["name"] for action in stage["actions"]]:
        raise action_not_found(request["actionName"])
