"""What others call without AWS's signatures: webhooks of repositories, and pictures of badges."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock.errors import AwsError
from penstock.flow import build_batches, builds
from penstock.flow.builds import StartOrder
from penstock.services.codebuild.badges import badge_answer
from penstock.services.codebuild.batch_rules import check_batch, check_member
from penstock.services.codebuild.build_rules import check_build
from penstock.services.codebuild.deliveries import WebhookBuild, deliver
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
            document = await builds.start(self._store, order)
        return str(document["arn"])


async def _body(request: Request) -> bytes:
    """Raises AwsError where it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise AwsError("InvalidInputException", f"A delivery has at most {LARGEST} bytes", 413)
    return bytes(body)


def _refusal(error: AwsError) -> Response:
    return JSONResponse({"code": error.code, "message": error.message}, error.status)
