"""Webhooks of the first kind, for sources that tell of changes themselves (CP-104…106).

Penstock registers none with a third party: the URL and the secret are for the settings of the
repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from secrets import token_urlsafe
from typing import Any

from penstock.documents.json_paths import PathError, read_path
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.services.codepipeline.errors import invalid, invalid_token, limit_exceeded
from penstock.services.codepipeline.names import name_of, the_pipeline
from penstock.services.codepipeline.secrets import MASK
from penstock.services.codepipeline.tag_rules import checked_tags, shown_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import pipeline_webhooks as rows
from penstock.store.pipeline_webhooks import WebhookName, secret_about

PATH = "/_penstock/webhooks/codepipeline/"
MAX_WEBHOOKS = 300  # CP-176
PAGE = 100
_SECRET, _RANGE = "SecretToken", "AllowedIPRange"
_TAKES = {"GITHUB_HMAC": (_SECRET,), "IP": (_RANGE,), "UNAUTHENTICATED": ()}
"""What each kind of authentication has to be told; it may be told nothing else (CP-105)."""


class Webhooks(Service):
    async def put_webhook(self, call: Call, request: Request) -> Answer:
        """Another definition leaves a webhook its URL; only one that is made anew has another."""
        definition = request["webhook"]
        name = WebhookName(call.account, call.region, definition["name"])
        _check_filters(definition["filters"])
        _check_authentication(definition)
        await self._check_target(call, definition)
        async with self.store.database.transaction() as connection:
            known = await rows.lock_webhook(connection, name)
            if known is None:
                count = await rows.count_webhooks(connection, call.account, call.region)
                if count >= MAX_WEBHOOKS:
                    raise limit_exceeded(
                        f"Account '{call.account}' cannot have more than {MAX_WEBHOOKS} webhooks"
                    )
            hook_id = known.id if known else token_urlsafe(24)
            row = await rows.save_webhook(
                connection,
                name,
                hook_id,
                _masked(definition),
                self._sealed(definition, hook_id, known),
                checked_tags(name.arn, known.tags if known else {}, request.get("tags", ())),
                call.now,
            )
        return {"webhook": shown(row, call.endpoint)}

    async def list_webhooks(self, call: Call, request: Request) -> Answer:
        after = read_token("webhooks", request.get("NextToken"), invalid_token())
        limit = request.get("MaxResults", PAGE)
        found = await rows.list_webhooks(
            self.store.database,
            call.account,
            call.region,
            after=after[0] if after else "",
            limit=limit + 1,
        )
        page, token = cut(found, limit, lambda row: make_token("webhooks", row.name))
        answer: Answer = {"webhooks": [shown(row, call.endpoint) for row in page]}
        return {**answer, "NextToken": token} if token else answer

    async def delete_webhook(self, call: Call, request: Request) -> Answer:
        """Of an absent one too."""
        name = WebhookName(call.account, call.region, request["name"])
        await rows.delete_webhook(self.store.database, name)
        return {}

    async def _check_target(self, call: Call, definition: Mapping[str, Any]) -> None:
        """Raises PipelineNotFoundException, ValidationException."""
        name = name_of(call, definition["targetPipeline"])
        row = await the_pipeline(self.store.database, name)
        sources = [action.name for action in pipeline_of(row.document).stages[0].actions]
        if definition["targetAction"] not in sources:
            raise invalid(
                f"The first stage of pipeline '{name.name}' has no action"
                f" '{definition['targetAction']}': it has {', '.join(sources)}"
            )

    def _sealed(self, definition: Mapping[str, Any], hook_id: str, known: Any) -> bytes | None:
        """The mask, as listings have it, stands for the secret that there is."""
        secret = definition["authenticationConfiguration"].get(_SECRET)
        if secret is None:
            return None
        if secret == MASK:
            if known is None or known.secret is None:
                raise _bad_authentication(f"{_SECRET} is {MASK}, and there is none to keep")
            kept: bytes = known.secret
            return kept
        return self.store.sealer.seal(secret.encode(), secret_about(hook_id))


def _check_filters(filters: Sequence[Mapping[str, str]]) -> None:
    for one in filters:
        try:
            read_path(one["jsonPath"])
        except PathError as error:
            raise AwsError(
                "InvalidWebhookFilterPatternException",
                f"The jsonPath {one['jsonPath']} cannot be used: {error}",
            ) from None


def _check_authentication(definition: Mapping[str, Any]) -> None:
    kind, told = definition["authentication"], definition["authenticationConfiguration"]
    if sorted(told) != sorted(_TAKES[kind]):
        needed = " and ".join(_TAKES[kind]) or "nothing"
        raise _bad_authentication(f"{kind} takes {needed} in authenticationConfiguration")
    if _RANGE in told:
        try:
            ip_network(told[_RANGE])
        except ValueError as error:
            raise _bad_authentication(f"{_RANGE} is no CIDR range: {error}") from None


def _bad_authentication(message: str) -> AwsError:
    return AwsError("InvalidWebhookAuthenticationParametersException", message)


def _masked(definition: Mapping[str, Any]) -> dict[str, Any]:
    told = definition["authenticationConfiguration"]
    mask = {_SECRET: MASK} if _SECRET in told else {}
    return {**definition, "authenticationConfiguration": {**told, **mask}}


def shown(row: Any, endpoint: str) -> Answer:
    """ListWebhookItem"""
    name = WebhookName(row.account, row.region, row.name)
    item: Answer = {
        "definition": row.definition,
        "url": f"{endpoint}{PATH}{row.id}",
        "arn": name.arn,
        "tags": shown_tags(row.tags),
    }
    if row.error_code:
        item |= {"errorCode": row.error_code, "errorMessage": row.error_message}
    if row.triggered:
        item["lastTriggered"] = row.triggered
    return item
