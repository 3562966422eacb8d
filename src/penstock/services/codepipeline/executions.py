"""Executions of pipelines: started, stopped, looked at (CP-030, CP-041…043, CP-053, CP-102)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from penstock.flow import pipelines as flow
from penstock.services.codepipeline.errors import execution_not_found, invalid_token
from penstock.services.codepipeline.execution_views import shown_execution, shown_summary
from penstock.services.codepipeline.names import name_of, the_pipeline
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import Cause, Override, Stop, Stopping
from penstock.store import pipeline_executions as executions
from penstock.store.pipelines import find_pipeline

PAGE = 100


class Executions(Service):
    async def start_pipeline_execution(self, call: Call, request: Request) -> Answer:
        """CP-095, CP-102, CP-103"""
        async with self.store.database.transaction() as connection:
            run = await flow.begin(
                connection,
                name_of(call, request["name"]),
                Cause("StartPipelineExecution", call.principal.arn),
                now=call.now,
                variables={one["name"]: one["value"] for one in request.get("variables", ())},
                overrides=tuple(
                    Override(one["actionName"], one["revisionType"], one["revisionValue"])
                    for one in request.get("sourceRevisions", ())
                ),
                token=request.get("clientRequestToken", ""),
            )
        return {"pipelineExecutionId": str(run)}

    async def stop_pipeline_execution(self, call: Call, request: Request) -> Answer:
        """CP-041…043"""
        how = Stopping.ABANDON if request.get("abandon") else Stopping.WAIT
        run = UUID(request["pipelineExecutionId"])
        event = Stop(run, how, request.get("reason", ""))
        async with self.store.database.transaction() as connection:
            await flow.happen(connection, name_of(call, request["pipelineName"]), event, call.now)
        return {"pipelineExecutionId": str(run)}

    async def get_pipeline_execution(self, call: Call, request: Request) -> Answer:
        name = name_of(call, request["pipelineName"])
        await the_pipeline(self.store.database, name)
        found = await executions.find_execution(
            self.store.database, name, UUID(request["pipelineExecutionId"])
        )
        if found is None:
            raise execution_not_found(name, request["pipelineExecutionId"])
        version = await find_pipeline(self.store.database, name, found.version)
        document: Any = version.document if version else None
        return {"pipelineExecution": shown_execution(name, found.run, document)}

    async def list_pipeline_executions(self, call: Call, request: Request) -> Answer:
        name = name_of(call, request["pipelineName"])
        pipeline = await the_pipeline(self.store.database, name)
        stage = request.get("filter", {}).get("succeededInStage", {}).get("stageName")
        kind = f"executions {name.name} {stage}"
        after = read_token(kind, request.get("nextToken"), invalid_token())
        limit = request.get("maxResults", PAGE)
        rows = await executions.list_executions(
            self.store.database,
            pipeline.id,
            succeeded_in=stage,
            version=pipeline.current if stage else None,
            after=after[0] if after else None,
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token(kind, row.number))
        answer: Answer = {"pipelineExecutionSummaries": [shown_summary(row.run) for row in page]}
        return {**answer, "nextToken": token} if token else answer
