"""Stages: as they are now, and what is asked of them (CP-034, CP-045…051, CP-069)."""

from __future__ import annotations

from uuid import UUID, uuid4

from penstock.flow import pipelines as flow
from penstock.services.codepipeline.errors import execution_not_found, pipeline_not_found
from penstock.services.codepipeline.names import name_of, the_pipeline
from penstock.services.codepipeline.stage_views import shown_state
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import (
    Cause,
    ConditionKind,
    Event,
    Gate,
    OverrideCondition,
    Retry,
    RollBack,
    SetGate,
)
from penstock.store.latest_actions import find_latest
from penstock.store.pipeline_executions import find_execution, read_remembered


class Stages(Service):
    async def get_pipeline_state(self, call: Call, request: Request) -> Answer:
        name = name_of(call, request["name"])
        pipeline = await the_pipeline(self.store.database, name)
        remembered = await read_remembered(self.store.database, name)
        if remembered is None:
            raise pipeline_not_found(name)
        latest = await find_latest(self.store.database, pipeline.id, pipeline.document)
        return shown_state(pipeline, remembered, latest)

    async def disable_stage_transition(self, call: Call, request: Request) -> Answer:
        """CP-051: a stage has one transition, whichever type is named."""
        await self._set_gate(call, request, enabled=False)
        return {}

    async def enable_stage_transition(self, call: Call, request: Request) -> Answer:
        await self._set_gate(call, request, enabled=True)
        return {}

    async def _set_gate(self, call: Call, request: Request, *, enabled: bool) -> None:
        by, at = call.principal.arn, call.now.timestamp()
        gate = Gate(enabled, request.get("reason", ""), by, at)
        await self._happen(call, request, SetGate(request["stageName"], gate))

    async def retry_stage_execution(self, call: Call, request: Request) -> Answer:
        """CP-045…047"""
        run = UUID(request["pipelineExecutionId"])
        await self._happen(call, request, Retry(run, request["stageName"], request["retryMode"]))
        return {"pipelineExecutionId": str(run)}

    async def rollback_stage(self, call: Call, request: Request) -> Answer:
        """CP-048, CP-049"""
        name = name_of(call, request["pipelineName"])
        await the_pipeline(self.store.database, name)
        target = await find_execution(
            self.store.database, name, UUID(request["targetPipelineExecutionId"])
        )
        if target is None:
            raise execution_not_found(name, request["targetPipelineExecutionId"])
        run = uuid4()
        cause = Cause("ManualRollback", call.principal.arn)
        await self._happen(call, request, RollBack(run, request["stageName"], target.run, cause))
        return {"pipelineExecutionId": str(run)}

    async def override_stage_condition(self, call: Call, request: Request) -> Answer:
        """CP-069"""
        run, kind = UUID(request["pipelineExecutionId"]), ConditionKind(request["conditionType"])
        await self._happen(call, request, OverrideCondition(run, request["stageName"], kind))
        return {}

    async def _happen(self, call: Call, request: Request, event: Event) -> None:
        async with self.store.database.transaction() as connection:
            await flow.happen(connection, name_of(call, request["pipelineName"]), event, call.now)
