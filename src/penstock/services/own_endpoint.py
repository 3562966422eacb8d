"""Services asked as any client asks them: through this server's own endpoint, so that whoever
answers for the service there is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from penstock.errors import AwsError
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key, revoke_key

MINUTES = timedelta(minutes=5)  # for a key that is used once
CONNECT, READ = 5, 30  # seconds
AWAY = "ServiceUnavailable"
"""The code of an error where nobody answers."""

Client = Any
T = TypeVar("T")


class Way(NamedTuple):
    """Where a client asks."""

    service: str
    region: str
    endpoint: str


async def ask(
    store: Store, principal: Principal, way: Way, act: Callable[[Client], T], description: str
) -> T:
    """What `act` returns, which is given a client that is the principal. Raises AwsError."""
    async with _key(store, principal, description) as key:
        return await asyncio.to_thread(_ask, way, key, act)


@asynccontextmanager
async def _key(store: Store, principal: Principal, description: str) -> AsyncIterator[IssuedKey]:
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection,
            store.sealer,
            principal,
            now=now,
            expires=now + MINUTES,
            description=description,
        )
    try:
        yield key
    finally:
        async with store.database.transaction() as connection:
            await revoke_key(connection, key.access_key_id, datetime.now(UTC))


def _ask(way: Way, key: IssuedKey, act: Callable[[Client], T]) -> T:
    import botocore.session

    with told_as_aws_does():
        client = make_client(botocore.session.Session(), way, key)
        try:
            return act(client)
        finally:
            client.close()


def make_client(session: Any, way: Way, key: IssuedKey) -> Client:
    """A client that asks once: whoever tries again has a row for that."""
    from botocore.config import Config

    return session.create_client(
        way.service,
        region_name=way.region,
        endpoint_url=way.endpoint,
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


@contextmanager
def told_as_aws_does() -> Iterator[None]:
    """What a client raises becomes AwsError, with the code that was answered."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    try:
        yield
    except ClientError as error:
        told, about = error.response["Error"], error.response["ResponseMetadata"]
        status = about.get("HTTPStatusCode", 500)
        raise AwsError(told["Code"], told.get("Message", ""), status) from None
    except ParamValidationError as error:  # nobody was asked
        raise AwsError("ValidationException", str(error.kwargs["report"])) from None
    except (BotoCoreError, ValueError) as error:  # ValueError is about the endpoint
        raise AwsError(AWAY, str(error), 503) from None
