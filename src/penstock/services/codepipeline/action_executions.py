"""Executions of actions and of rules, listed (CP-090, A17, A22)."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from penstock.services.codepipeline.action_views import shown_action, shown_rule
from penstock.services.codepipeline.errors import execution_not_found, invalid_token
from penstock.services.codepipeline.names import name_of, the_pipeline
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.action_executions import ACTION, RULE, list_actions
from penstock.store.pipeline_executions import find_execution

PAGE = 100


class ActionExecutions(Service):
    async def list_action_executions(self, call: Call, request: Request) -> Answer:
        rows, token = await self._list(call, request, ACTION)
        shown = partial(shown_action, region=call.region)
        return _page("actionExecutionDetails", [shown(row) for row in rows], token)

    async def list_rule_executions(self, call: Call, request: Request) -> Answer:
        rows, token = await self._list(call, request, RULE)
        shown = partial(shown_rule, region=call.region)
        return _page("ruleExecutionDetails", [shown(row) for row in rows], token)

    async def _list(self, call: Call, request: Request, kind: str) -> tuple[Any, str | None]:
        """Of one execution or of all, the newest first, with the next page's token."""
        name = name_of(call, request["pipelineName"])
        pipeline = await the_pipeline(self.store.database, name)
        asked = request.get("filter", {})
        latest = asked.get("latestInPipelineExecution")
        run = latest["pipelineExecutionId"] if latest else asked.get("pipelineExecutionId")
        if run and await find_execution(self.store.database, name, UUID(run)) is None:
            raise execution_not_found(name, run)
        listing = f"{kind} {name.name} {asked}"
        after = read_token(listing, request.get("nextToken"), invalid_token())
        limit = request.get("maxResults", PAGE)
        rows = await list_actions(
            self.store.database,
            pipeline.id,
            kind=kind,
            execution=UUID(run) if run else None,
            latest=bool(latest and latest["startTimeRange"] == "Latest"),
            after=after[0] if after else None,
            limit=limit + 1,
        )
        return cut(rows, limit, lambda row: make_token(listing, row.sequence))


def _page(member: str, shown: list[Answer], token: str | None) -> Answer:
    return {member: shown, "nextToken": token} if token else {member: shown}
