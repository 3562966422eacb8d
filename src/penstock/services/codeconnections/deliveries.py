"""What GitHub delivers to a connection's URL: pushes and pull requests (CP-107…111).

The app that AWS installs at the provider does this there; here it is a webhook of the repository,
or of its organisation, with the secret that the setting `connection_webhook_secrets` names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from penstock.decide.git_deliveries import Compared, GitDelivery, Unreadable, read_delivery
from penstock.decide.git_triggers import PullRequest, Push, wants_paths
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError, not_implemented
from penstock.flow.actions import QUEUE
from penstock.flow.triggers import WEBHOOK_V2, Heard, change_delivered, source_actions
from penstock.services.codeconnections.secrets import secret_text
from penstock.services.codepipeline.errors import invalid
from penstock.services.codepipeline.hook_deliveries import (
    LONGEST_ID,
    Delivery,
    check_signature,
    read_payload,
)
from penstock.state.pipelines import Cause
from penstock.store import Store
from penstock.store.connections_to_git import (
    WEBHOOK_SECRETS,
    GitConnection,
    find_connection_by_id,
)
from penstock.store.database import Connection
from penstock.store.facts import recall
from penstock.store.queue import defer
from penstock.store.triggers import Source, find_listeners

PATH = "/_penstock/webhooks/connections/"
HEAR = "hear_git_change"
PROVIDERS = ("GitHub", "GitHubEnterpriseServer")
_ID = re.compile(r"[0-9a-f-]{36}")


class Delivered(NamedTuple):
    """`later` where the files of the change are looked for first, and pipelines start then."""

    heard: tuple[Heard, ...]
    explanation: tuple[str, ...]
    later: bool = False


async def deliver(store: Store, uuid: str, delivery: Delivery, now: datetime) -> Delivered:
    """Takes a delivery; told twice it starts nothing twice.

    Raises AwsError: 404 for a connection that is not, 403 for a delivery that its secret did not
    sign, 400 for one that cannot be read, 501 of providers whose deliveries are not read.
    """
    connection = await find_connection_by_id(store.database, uuid) if _ID.fullmatch(uuid) else None
    if connection is None:
        raise AwsError("ResourceNotFoundException", "There is no such connection", 404)
    if connection.provider not in PROVIDERS:
        raise not_implemented(
            f"deliveries of {connection.provider}. Its repositories are polled instead"
        )
    check_signature(await _secret(store, connection, now), delivery)
    told = delivery.headers.get("x-github-delivery", "")
    if not 0 < len(told) <= LONGEST_ID:
        raise invalid("X-GitHub-Delivery is missing or too long")
    event = delivery.headers.get("x-github-event", "")
    payload = read_payload(delivery)
    try:
        found = read_delivery(event, payload)
    except Unreadable as error:
        raise invalid(str(error)) from None
    if found is None:
        return Delivered((), (f"nothing starts for this {event}",))
    async with store.database.transaction() as database:
        if found.compared is not None and await _wants_paths(database, connection, found):
            await defer(database, HEAR, _arguments(connection, found, told), queue=QUEUE)
            return Delivered((), ("its files are looked for first",), later=True)
        heard = await hear(database, connection, found, told, now)
    return Delivered(tuple(heard), _explanation(heard))


async def _secret(store: Store, connection: GitConnection, now: datetime) -> bytes:
    """Raises AwsError (403) where there is none, as then nobody can have signed."""
    names = await recall(store.database, WEBHOOK_SECRETS) or {}
    name = names.get(connection.provider)
    try:
        text = await secret_text(store, connection, name, now) if name else ""
    except AwsError as error:
        why = f"The secret {name}: {error.message}"
        raise AwsError("AccessDeniedException", why, 403) from None
    if not text:
        raise AwsError(
            "AccessDeniedException",
            "Nothing can be delivered without a secret: name one of Secrets Manager in the setting"
            f' `connection_webhook_secrets`, such as {connection.provider} = "github-webhooks"',
            403,
        )
    return text.encode()


def source_of(connection: GitConnection, repository: str) -> Source:
    configuration = {"ConnectionArn": connection.arn, "FullRepositoryId": repository}
    return Source(connection.account, connection.region, "CodeStarSourceConnection", configuration)


async def _wants_paths(database: Connection, connection: GitConnection, found: GitDelivery) -> bool:
    source = source_of(connection, found.repository)
    for listener in await find_listeners(source, database):
        pipeline = pipeline_of(listener.document)
        for action in source_actions(pipeline, source):
            if wants_paths(pipeline, action, found.change):
                return True
    return False


async def hear(
    database: Connection, connection: GitConnection, found: GitDelivery, told: str, now: datetime
) -> list[Heard]:
    """Starts what a change that was delivered as `told` starts."""
    return await change_delivered(
        database,
        source_of(connection, found.repository),
        found.change,
        Cause(WEBHOOK_V2, connection.arn),
        now,
        delivery=told,
    )


def _explanation(heard: list[Heard]) -> tuple[str, ...]:
    if not heard:
        return ("no pipeline has this repository behind this connection as a source",)
    return tuple(f"{one.pipeline.name}: {reason}" for one in heard for reason in one.reasons)


# A change as a job has it.


def _arguments(connection: GitConnection, found: GitDelivery, told: str) -> dict[str, Any]:
    return {
        "account": connection.account,
        "connection": connection.arn,
        "repository": found.repository,
        "kind": type(found.change).__name__,
        "change": found.change._asdict(),
        "compared": found.compared,
        "delivery": told,
    }


def change_of(arguments: Mapping[str, Any]) -> GitDelivery:
    kind: Any = {"Push": Push, "PullRequest": PullRequest}[arguments["kind"]]
    return GitDelivery(
        arguments["repository"], kind(**arguments["change"]), Compared(*arguments["compared"])
    )
