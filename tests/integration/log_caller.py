"""CloudWatch Logs as tests ask it, with a group and a stream."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services.logs import Logs
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.logs import append, close_stream

NOON = 1_772_366_400_000
DAY = 86_400_000
GROUP: dict[str, Any] = {"logGroupName": "/aws/codebuild/web"}
STREAM: dict[str, Any] = {**GROUP, "logStreamName": "one"}


class Caller:
    """Calls the service at noon, or some time after."""

    def __init__(self, store: Store, call_of: Callable[..., Call]) -> None:
        self.store = store
        self.service = Logs(store)
        self.call = call_of("logs", "")

    async def __call__(self, operation: str, later: float = 0, **request: Any) -> Any:
        call = self.call._replace(now=self.call.now + timedelta(seconds=later))
        return await getattr(self.service, operation)(call, request)

    async def append(self, stream: str, *events: tuple[int, str], later: float = 0) -> None:
        now = self.call.now + timedelta(seconds=later)
        place = (self.call.account, self.call.region, GROUP["logGroupName"], stream)
        await append(self.store, *place, events, now=now)

    async def close(self, stream: str) -> None:
        place = (self.call.account, self.call.region, GROUP["logGroupName"], stream)
        await close_stream(self.store, *place)

    async def refused(self, operation: str, **request: Any) -> str:
        with pytest.raises(AwsError) as caught:
            await self(operation, **request)
        return f"{caught.value.code}: {caught.value.message}"


@pytest.fixture
def logs(store: Store, call_of: Callable[..., Call]) -> Caller:
    return Caller(store, call_of)


@pytest.fixture
async def stream(logs: Caller) -> Caller:
    await logs("create_log_group", **GROUP)
    await logs("create_log_stream", **STREAM)
    return logs


def events(*offsets: int) -> list[dict[str, Any]]:
    return [{"timestamp": NOON + offset, "message": f"at {offset}"} for offset in offsets]


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]
