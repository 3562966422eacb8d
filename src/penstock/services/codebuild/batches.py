"""Batches of builds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from penstock.flow import build_batches as flow
from penstock.services.codebuild.batch_rules import (
    check_batch,
    check_batch_request,
    check_member,
    read_batch_name,
)
from penstock.services.codebuild.build_rules import check_token
from penstock.services.codebuild.builds import shown, start_order
from penstock.services.codebuild.errors import project_not_found
from penstock.services.codebuild.listings import PAGE, paged, position
from penstock.services.codebuild.names import project_arn, project_name
from penstock.services.codebuild.words import check_words
from penstock.services.paging import cut, make_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import build_batches as batches
from penstock.store import builds
from penstock.store.projects import find_project


class BuildBatches(Service):
    async def start_build_batch(self, call: Call, request: Request) -> Answer:
        """CB-104, CB-105"""
        check_batch_request(request)
        order = start_order(call, request, check_batch)
        return {"buildBatch": shown_batch(await flow.start(self.store, order, check_member))}

    async def retry_build_batch(self, call: Call, request: Request) -> Answer:
        """CB-137; all builds where it does not say which (AWS: unspecified)."""
        check_words("RetryBuildBatchInput", request)
        check_token(request)
        document = await flow.retry(
            self.store,
            read_batch_name(call, request.get("id", "")),
            request.get("retryType", "RETRY_ALL_BUILDS"),
            request.get("idempotencyToken", ""),
            check_member,
            call.now,
        )
        return {"buildBatch": shown_batch(document)}

    async def stop_build_batch(self, call: Call, request: Request) -> Answer:
        name = read_batch_name(call, request["id"])
        document = await flow.stop(self.store, name, check_member, call.now)
        return {"buildBatch": shown_batch(document)}

    async def batch_get_build_batches(self, call: Call, request: Request) -> Answer:
        wanted = {read_batch_name(call, given): given for given in request["ids"]}
        found = await batches.find_documents(
            self.store.database, call.account, call.region, [name.uuid for name in wanted]
        )
        there = {document["id"] for document in found}
        ids = {name.id for name in wanted}
        return {
            "buildBatches": [shown_batch(one) for one in found if one["id"] in ids],
            "buildBatchesNotFound": [
                given for name, given in wanted.items() if name.id not in there
            ],
        }

    async def delete_build_batch(self, call: Call, request: Request) -> Answer:
        """With its builds. AWS does not say what it answers of a batch in progress."""
        name = read_batch_name(call, request["id"])
        members = await flow.delete(self.store, name)
        started = [member.build for member in members if member.build is not None]
        deleted = await builds.delete_builds(
            self.store.database, call.account, call.region, started
        )
        arns = [name.build(build).arn for build in started if build in deleted]
        return {"statusCode": "BATCH_DELETED", "buildsDeleted": arns, "buildsNotDeleted": []}

    async def list_build_batches(self, call: Call, request: Request) -> Answer:
        check_words("ListBuildBatchesInput", request)
        return await self._list(call, request, None)

    async def list_build_batches_for_project(self, call: Call, request: Request) -> Answer:
        """Of all projects where it names none, as its model has it."""
        check_words("ListBuildBatchesForProjectInput", request)
        given = request.get("projectName", "")
        name = project_name(call, given) or None
        answer = await self._list(call, request, name)
        if name and not answer["ids"]:
            project = await find_project(self.store.database, call.account, call.region, name)
            if project is None:
                raise project_not_found(project_arn(call, given))
        return answer

    async def _list(self, call: Call, request: Request, project: str | None) -> Answer:
        order = request.get("sortOrder", "DESCENDING")
        status = request.get("filter", {}).get("status")
        limit = request.get("maxResults", PAGE)
        kind = f"batches {project} {status} {order}"
        after = position(kind, request)
        rows = await batches.list_batches(
            self.store.database,
            call.account,
            call.region,
            project=project,
            status=status,
            descending=order == "DESCENDING",
            after=(datetime.fromisoformat(after[0]), UUID(after[1])) if after else None,
            limit=limit + 1,
        )
        page, token = cut(
            rows, limit, lambda row: make_token(kind, row.submitted.isoformat(), str(row.id))
        )
        return paged("ids", [f"{row.project}:{row.id}" for row in page], token)


def shown_batch(document: Mapping[str, Any]) -> Answer:
    """The API's BuildBatch, its times in Python's type."""
    return {**shown(document), "buildGroups": [_group(one) for one in document["buildGroups"]]}


def _group(group: Mapping[str, Any]) -> Answer:
    prior = [_summary(one) for one in group["priorBuildSummaryList"]]
    answer: Answer = {**group, "priorBuildSummaryList": prior}
    if "currentBuildSummary" in group:
        answer["currentBuildSummary"] = _summary(group["currentBuildSummary"])
    return answer


def _summary(summary: Mapping[str, Any]) -> Answer:
    return {**summary, "requestedOn": datetime.fromtimestamp(summary["requestedOn"], UTC)}
