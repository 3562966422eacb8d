"""S3 as tests of buckets ask it, with a bucket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.s3 import S3
from penstock.state.calls import Call
from penstock.store import Store

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """Asks for an operation: `await ask("GetBucketAcl")`, of the bucket `pond`."""
    service = S3(store)

    async def call(
        operation: str, *, now: datetime = NOON, region: str = "us-east-1", **request: Any
    ) -> dict[str, Any]:
        handler = service.handler(operation)
        asked = {"Bucket": "pond", **request}
        return await handler(call_of("s3", operation, now=now, region=region), asked) or {}

    return call


@pytest.fixture
async def pond(ask: Ask) -> Ask:
    await ask("CreateBucket")
    return ask


@pytest.fixture
async def told(pond: Ask, store: Store) -> Callable[[], Awaitable[list[Any]]]:
    """The events so far, of a bucket that keeps versions."""
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
    await pond("PutBucketNotificationConfiguration", NotificationConfiguration=configuration)
    assert await pond("GetBucketNotificationConfiguration") == configuration
    await pond("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})

    async def events() -> list[Any]:
        return await store.database.fetch("SELECT * FROM events ORDER BY sequence")

    return events


def refused(code: str, status: int = 400) -> Any:
    return pytest.raises(AwsError, check=lambda error: (error.code, error.status) == (code, status))
