"""What others call without AWS's signatures: webhooks of repositories, and pictures of badges."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock.errors import AwsError
from penstock.flow import build_batches, build_starts
from penstock.flow.build_starts import StartOrder
from penstock.services.codebuild.badges import badge_answer
from penstock.services.codebuild.batch_rules import check_batch, check_member
from penstock.services.codebuild.build_rules import check_build
from penstock.services.codebuild.deliveries import WebhookBuild, deliver
from penstock.services.codeconnections import deliveries as connection_deliveries
from penstock.services.codepipeline import hook_deliveries
from penstock.services.codepipeline.hook_deliveries import Delivery
from penstock.store import Store
from penstock.store.builds import last_status

LARGEST = 25 << 20  # bytes; GitHub delivers none that is larger


class Hooks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def webhook(self, request: Request) -> Response:
        """A delivery of GitHub's; the answer says what came of it, for its page of deliveries."""
        try:
            delivered = await deliver(
                self._store,
                request.path_params["id"],
                dict(request.headers),
                await _body(request),
                now=datetime.now(UTC),
                start=self._start,
            )
        except AwsError as error:
            return _refusal(error)
        return JSONResponse({"build": delivered.build_arn, "explanation": delivered.explanation})

    async def pipeline_webhook(self, request: Request) -> Response:
        """A delivery to a webhook of PutWebhook's."""
        try:
            found = await hook_deliveries.deliver(
                self._store, request.path_params["id"], await _delivery(request), datetime.now(UTC)
            )
        except AwsError as error:
            return _refusal(error)
        run = None if found.execution is None else str(found.execution)
        return JSONResponse({"pipelineExecutionId": run, "explanation": found.explanation})

    async def connection(self, request: Request) -> Response:
        """A delivery of GitHub's to a connection: 202 where pipelines start once the files of the
        change are known."""
        try:
            found = await connection_deliveries.deliver(
                self._store, request.path_params["id"], await _delivery(request), datetime.now(UTC)
            )
        except AwsError as error:
            return _refusal(error)
        runs = {one.pipeline.name: str(one.run) for one in found.heard if one.run is not None}
        answer = {"pipelineExecutionIds": runs, "explanation": found.explanation}
        return JSONResponse(answer, 202 if found.later else 200)

    async def badge(self, request: Request) -> Response:
        asked = request.query_params
        try:
            picture = await badge_answer(
                self._store,
                asked.get("uuid", ""),
                partial(last_status, self._store.database),
                branch=asked.get("branch", ""),
                tag=asked.get("tag", ""),
            )
        except AwsError as error:
            return _refusal(error)
        # Pages of repositories are shown through caches, which would keep a picture for hours.
        return Response(picture, headers={"cache-control": "no-cache"}, media_type="image/svg+xml")

    async def _start(self, build: WebhookBuild) -> str:
        """Returns the ARN of the build, or of the batch. Raises AwsError."""
        asked = {"sourceVersion": build.source_version}
        check = check_batch if build.batch else check_build
        order = StartOrder(
            build.account,
            build.region,
            build.project,
            asked,
            build.initiator,
            datetime.now(UTC),
            variables=build.variables,
            token=build.token,
            check=partial(check, request=asked, account=build.account),
        )
        if build.batch:
            document = await build_batches.start(self._store, order, check_member)
        else:
            document = await build_starts.start(self._store, order)
        return str(document["arn"])


async def _delivery(request: Request) -> Delivery:
    peer = request.client.host if request.client else ""
    return Delivery(dict(request.headers), await _body(request), peer)


async def _body(request: Request) -> bytes:
    """Raises AwsError where it is too large, or nothing can have the path's id."""
    if "\0" in request.path_params["id"]:
        raise AwsError("ResourceNotFoundException", "There is no such webhook", 404)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise AwsError("InvalidInputException", f"A delivery has at most {LARGEST} bytes", 413)
    return bytes(body)


def _refusal(error: AwsError) -> Response:
    return JSONResponse({"code": error.code, "message": error.message}, error.status)
