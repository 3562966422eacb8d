"""Services that an action asks as any client does: through this server's own endpoint, so that
whoever answers for the service there is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from penstock.actions.contract import Start
from penstock.errors import AwsError
from penstock.flow.action_sessions import session_of
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key, revoke_key

MINUTES = timedelta(minutes=5)  # for a key that is used once
CONNECT, READ = 5, 30  # seconds
AWAY = "ServiceUnavailable"
"""The code of an error where nobody answers."""

Client = Any
T = TypeVar("T")


async def ask(store: Store, start: Start, service: str, act: Callable[[Client], T]) -> T:
    """What `act` returns, which is given a client with the action's session. Raises AwsError."""
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection,
            store.sealer,
            session_of(start),
            now=now,
            expires=now + MINUTES,
            description=f"action {start.id}",
        )
    try:
        return await asyncio.to_thread(_ask, start, service, key, act)
    finally:
        async with store.database.transaction() as connection:
            await revoke_key(connection, key.access_key_id, datetime.now(UTC))


def _ask(start: Start, service: str, key: IssuedKey, act: Callable[[Client], T]) -> T:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return act(_client(start, service, key))
    except ClientError as error:
        told, about = error.response["Error"], error.response["ResponseMetadata"]
        status = about.get("HTTPStatusCode", 500)
        raise AwsError(told["Code"], told.get("Message", ""), status) from None
    except (BotoCoreError, ValueError) as error:  # ValueError is about the endpoint
        raise AwsError(AWAY, str(error), 503) from None


def _client(start: Start, service: str, key: IssuedKey) -> Client:
    import botocore.session
    from botocore.config import Config

    return botocore.session.Session().create_client(
        service,
        region_name=start.action.region or start.name.region,
        endpoint_url=start.endpoint,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        aws_session_token=key.session_token,
        config=Config(
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"total_max_attempts": 1},
            proxies={},
        ),
    )
