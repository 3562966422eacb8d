"""Builds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from penstock.flow.build_starts import StartOrder, retry, start
from penstock.flow.builds import stop
from penstock.services.codebuild.build_rules import (
    check_build,
    check_request,
    check_token,
    read_id,
)
from penstock.services.codebuild.errors import project_not_found
from penstock.services.codebuild.listings import PAGE, paged, position
from penstock.services.codebuild.names import project_arn, project_name
from penstock.services.codebuild.words import check_words
from penstock.services.paging import cut, make_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.recorded_builds import BuildName
from penstock.store import builds
from penstock.store.projects import find_project

STOPPING = 2.0
"""Seconds in which a build that is stopped has usually ended."""


class Builds(Service):
    async def start_build(self, call: Call, request: Request) -> Answer:
        check_words("StartBuildInput", request)
        check_request(request)
        order = start_order(call, request, check_build)
        return {"build": shown(await start(self.store, order))}

    async def retry_build(self, call: Call, request: Request) -> Answer:
        """CB-137; AWS takes an absent id for one that is not there."""
        check_token(request)
        project, build = read_id(call, request.get("id", ""))
        order = StartOrder(
            call.account,
            call.region,
            project,
            {"id": str(build)},
            initiator(call),
            call.now,
            token=request.get("idempotencyToken", ""),
        )
        name = BuildName(call.account, call.region, project, build)
        return {"build": shown(await retry(self.store, order, name))}

    async def stop_build(self, call: Call, request: Request) -> Answer:
        """CB-136. A build that runs is given a moment to end, so that the answer tells its end."""
        project, build = read_id(call, request["id"])
        name = BuildName(call.account, call.region, project, build)
        async with self.store.notices.of(name.topic) as news:
            document = await stop(self.store, name, call.now)
            with suppress(TimeoutError):
                async with asyncio.timeout(STOPPING):
                    while not document["buildComplete"]:
                        await news.wait()
                        news.clear()
                        found = await self._find(call, [build])
                        document = found[0] if found else document
        return {"build": shown(document)}

    async def batch_get_builds(self, call: Call, request: Request) -> Answer:
        given = request["ids"]
        ids = [read_id(call, one) for one in given]
        found = {
            document["id"]: document
            for document in await self._find(call, [build for _, build in ids])
        }
        missing = []
        for one, (project, build) in zip(given, ids, strict=True):
            if f"{project}:{build}" not in found:
                missing.append(one)
        return {
            "builds": [shown(document) for document in found.values()],
            "buildsNotFound": missing,
        }

    async def batch_delete_builds(self, call: Call, request: Request) -> Answer:
        """CB-140"""
        ids = {read_id(call, one): one for one in request["ids"]}
        there = {
            document["id"]: document
            for document in await self._find(call, [build for _, build in ids])
        }
        wanted = [key for key in ids if f"{key[0]}:{key[1]}" in there]
        deleted = await builds.delete_builds(
            self.store.database, call.account, call.region, [build for _, build in wanted]
        )
        left = [
            {"id": ids[key], "statusCode": "BUILD_IN_PROGRESS" if key in wanted else "NOT_FOUND"}
            for key in ids
            if key[1] not in deleted
        ]
        arns = [
            call.arn(f"build/{project}:{build}") for project, build in wanted if build in deleted
        ]
        return {"buildsDeleted": arns, "buildsNotDeleted": left}

    async def list_builds(self, call: Call, request: Request) -> Answer:
        check_words("ListBuildsInput", request)
        order = request.get("sortOrder", "DESCENDING")
        kind = f"builds {order}"
        after = position(kind, request)
        rows = await builds.list_builds(
            self.store.database,
            call.account,
            call.region,
            descending=order == "DESCENDING",
            after=(datetime.fromisoformat(after[0]), UUID(after[1])) if after else None,
            limit=PAGE + 1,
        )
        page, token = cut(
            rows, PAGE, lambda row: make_token(kind, row.submitted.isoformat(), str(row.id))
        )
        return paged("ids", [f"{row.project}:{row.id}" for row in page], token)

    async def list_builds_for_project(self, call: Call, request: Request) -> Answer:
        check_words("ListBuildsForProjectInput", request)
        name = project_name(call, request["projectName"])
        order = request.get("sortOrder", "DESCENDING")
        kind = f"builds of {name} {order}"
        after = position(kind, request)
        rows = await builds.list_builds_of(
            self.store.database,
            call.account,
            call.region,
            name,
            descending=order == "DESCENDING",
            after=after[0] if after else None,
            limit=PAGE + 1,
        )
        if not rows and not await find_project(
            self.store.database, call.account, call.region, name
        ):
            raise project_not_found(project_arn(call, request["projectName"]))
        page, token = cut(rows, PAGE, lambda row: make_token(kind, row.number))
        return paged("ids", [f"{row.project}:{row.id}" for row in page], token)

    async def _find(self, call: Call, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        return await builds.find_documents(self.store.database, call.account, call.region, ids)


def start_order(call: Call, request: Request, check: Callable[..., None]) -> StartOrder:
    """What StartBuild or StartBuildBatch asks for; `check` is that of the effective one.

    Raises InvalidInputException.
    """
    own = ("projectName", "idempotencyToken")
    return StartOrder(
        call.account,
        call.region,
        project_name(call, request["projectName"]),
        {member: value for member, value in request.items() if member not in own},
        initiator(call),
        call.now,
        token=request.get("idempotencyToken", ""),
        check=partial(check, request=request, account=call.account),
    )


def initiator(call: Call) -> str:
    """CB-111: a user's name, or role/session."""
    name = call.principal.arn.rpartition(":")[2]
    kind, _, rest = name.partition("/")
    return rest.rpartition("/")[2] if kind == "user" else rest or name


def shown(document: Mapping[str, Any]) -> Answer:
    """The API's Build, its times in Python's type."""
    build = {
        **document,
        "startTime": _time(document["startTime"]),
        "phases": [_phase(phase) for phase in document["phases"]],
    }
    if "endTime" in build:
        build["endTime"] = _time(build["endTime"])
    return build


def _phase(phase: Mapping[str, Any]) -> Answer:
    found = {**phase, "startTime": _time(phase["startTime"])}
    if "endTime" in found:
        found["endTime"] = _time(found["endTime"])
    return found


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
