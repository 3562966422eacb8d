"""Triggers' messages on their way: to SNS or Lambda, whoever answers for these here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key
from penstock.store.facts import recall

_LIFETIME = timedelta(minutes=15)
_PATIENCE = 30  # seconds


class DeliveryError(Exception):
    """A message has not been taken. The text says why."""


class _Way(NamedTuple):
    endpoint: str
    region: str
    key: IssuedKey


async def deliver(store: Store, account: str, destination: str, message: Mapping[str, Any]) -> None:
    """Hands a message to a topic, or to a function, which runs later. Raises DeliveryError."""
    endpoint = await recall(store.database, "endpoint")
    if not endpoint:
        raise DeliveryError("no server has told its address yet")
    root = Principal(account, f"arn:aws:iam::{account}:root", account)
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection,
            store.sealer,
            root,
            now=now,
            expires=now + _LIFETIME,
            description="a trigger of a repository",
        )
    _, _, service, region, *_ = destination.split(":")
    send = _publish if service == "sns" else _invoke
    await asyncio.to_thread(send, _Way(endpoint, region, key), destination, json.dumps(message))


def _publish(way: _Way, topic: str, text: str) -> None:
    _call(way, "sns", "publish", TopicArn=topic, Message=text)


def _invoke(way: _Way, function: str, text: str) -> None:
    arguments = {"FunctionName": function, "InvocationType": "Event", "Payload": text.encode()}
    _call(way, "lambda", "invoke", **arguments)


def _call(way: _Way, service: str, operation: str, **arguments: Any) -> None:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    client = Session().create_client(
        service,
        region_name=way.region,
        endpoint_url=way.endpoint,
        aws_access_key_id=way.key.access_key_id,
        aws_secret_access_key=way.key.secret_access_key,
        aws_session_token=way.key.session_token,
        config=Config(
            connect_timeout=_PATIENCE,
            read_timeout=_PATIENCE,
            retries={"total_max_attempts": 1},
            proxies={},
        ),
    )
    try:
        getattr(client, operation)(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise DeliveryError(str(error)) from None
    finally:
        client.close()
