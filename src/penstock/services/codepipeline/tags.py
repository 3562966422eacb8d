"""Tags of pipelines, of custom action types and of webhooks, by ARN."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.services.codepipeline.errors import invalid_token
from penstock.services.codepipeline.names import name_of
from penstock.services.codepipeline.tag_rules import Tags as TagMap
from penstock.services.codepipeline.tag_rules import check_keys, checked_tags, shown_tags
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.custom_action_types import CustomTypeName, find_type, set_type_tags
from penstock.store.database import Connection
from penstock.store.pipeline_webhooks import WebhookName, lock_webhook, set_webhook_tags
from penstock.store.pipelines import lock_pipeline, set_tags


class Tagged(NamedTuple):
    """A resource whose row is locked."""

    tags: TagMap
    save: Callable[[TagMap], Awaitable[None]]


Find = Callable[[Connection, Call, str], Awaitable[Tagged | None]]
"""Finds a resource by what is behind its kind in the ARN."""


class Tags(Service):
    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        """In one page."""
        if "nextToken" in request:
            raise invalid_token()
        async with self.store.database.transaction() as connection:
            found = await _find(connection, call, request["resourceArn"])
        return {"tags": shown_tags(found.tags)}

    async def tag_resource(self, call: Call, request: Request) -> Answer:
        arn = request["resourceArn"]
        async with self.store.database.transaction() as connection:
            found = await _find(connection, call, arn)
            await found.save(checked_tags(arn, found.tags, request["tags"]))
        return {}

    async def untag_resource(self, call: Call, request: Request) -> Answer:
        keys = request["tagKeys"]
        check_keys(keys)
        async with self.store.database.transaction() as connection:
            found = await _find(connection, call, request["resourceArn"])
            await found.save({key: tag for key, tag in found.tags.items() if key not in keys})
        return {}


async def _find(connection: Connection, call: Call, arn: str) -> Tagged:
    """Raises InvalidArnException, ResourceNotFoundException."""
    if not arn.startswith(prefix := call.arn("")):
        raise AwsError(
            "InvalidArnException",
            f"The resource ARN {arn} is not one of account {call.account} in {call.region}",
        )
    kind, _, rest = arn.removeprefix(prefix).rpartition(":")
    find = KINDS.get(kind)
    found = await find(connection, call, rest) if find else None
    if found is None:
        raise AwsError("ResourceNotFoundException", f"The resource {arn} could not be found")
    return found


async def _pipeline(connection: Connection, call: Call, name: str) -> Tagged | None:
    row = await lock_pipeline(connection, name_of(call, name))
    if row is None:
        return None
    return Tagged(row.tags, lambda tags: set_tags(connection, row.id, tags))


async def _action_type(connection: Connection, call: Call, name: str) -> Tagged | None:
    """Of `Custom/Category/Provider/Version`."""
    owner, *parts = name.split("/")
    if owner != "Custom" or len(parts) != 3:
        return None
    of_type = CustomTypeName(call.account, call.region, *parts)
    row = await find_type(connection, of_type)
    if row is None or row.deleted is not None:
        return None
    return Tagged(row.tags, lambda tags: set_type_tags(connection, of_type, tags))


async def _webhook(connection: Connection, call: Call, name: str) -> Tagged | None:
    hook = WebhookName(call.account, call.region, name)
    row = await lock_webhook(connection, hook)
    if row is None:
        return None
    return Tagged(row.tags, lambda tags: set_webhook_tags(connection, hook, tags))


KINDS: dict[str, Find] = {"": _pipeline, "actiontype": _action_type, "webhook": _webhook}
"""By what stands between account and name in the ARN: pipelines have nothing there."""
