"""Revisions that somebody else has found in a source: PutActionRevision."""

from __future__ import annotations

from penstock.documents.pipelines import Action, Pipeline, Stage
from penstock.documents.pipelines.reader import pipeline_of
from penstock.flow.pipelines import begin
from penstock.services.codecommit.names import is_commit
from penstock.services.codepipeline.errors import (
    action_not_found,
    invalid,
    pipeline_not_found,
    stage_not_found,
)
from penstock.services.codepipeline.names import name_of
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import Cause, Override
from penstock.store.pipeline_executions import find_token
from penstock.store.pipelines import find_pipeline, lock_pipeline

_GIT = ("CodeCommit", "CodeStarSourceConnection", "GitHub")


class Revisions(Service):
    async def put_action_revision(self, call: Call, request: Request) -> Answer:
        """Starts an execution with a revision, once for each revision and change of it.

        A git source, or S3, is asked for that very revision; one of a custom type finds it itself.
        `newRevision` says that it is new to the pipeline, as its name has it, not its description.
        """
        name, revision = name_of(call, request["pipelineName"]), request["actionRevision"]
        async with self.store.database.transaction() as connection:
            if await lock_pipeline(connection, name) is None:
                raise pipeline_not_found(name)
            row = await find_pipeline(connection, name)
            action = _source(pipeline_of(row.document), request)  # type: ignore[union-attr]
            change = f"{revision['revisionId']} {revision['revisionChangeId']}"
            token = f"revision:{action.name}:{change}"
            known = await find_token(connection, row.id, token)  # type: ignore[union-attr]
            run = known or await begin(
                connection,
                name,
                Cause("PutActionRevision", call.principal.arn),
                now=call.now,
                overrides=_overrides(action, revision["revisionId"]),
                token=token,
            )
        return {"newRevision": known is None, "pipelineExecutionId": str(run)}


def _source(pipeline: Pipeline, request: Request) -> Action:
    """Raises StageNotFoundException, ActionNotFoundException, ValidationException."""
    stage: Stage | None = next(
        (one for one in pipeline.stages if one.name == request["stageName"]), None
    )
    if stage is None:
        raise stage_not_found(request["stageName"])
    action = next((one for one in stage.actions if one.name == request["actionName"]), None)
    if action is None:
        raise action_not_found(request["actionName"])
    if action.type.category != "Source":
        raise invalid(f"The action '{action.name}' is no source: it takes no revisions")
    return action


def _overrides(action: Action, revision: str) -> tuple[Override, ...]:
    if action.type.owner == "Custom":
        return ()
    if action.type.provider == "S3":
        return (Override(action.name, "S3_OBJECT_VERSION_ID", revision),)
    if action.type.provider in _GIT and is_commit(revision):
        return (Override(action.name, "COMMIT_ID", revision),)
    return ()
