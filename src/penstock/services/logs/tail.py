"""Live Tail: a stream of what is being logged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

from penstock.decide.filter_patterns import Matches
from penstock.errors import AwsError
from penstock.services.logs.events import keep_of
from penstock.services.logs.names import (
    check_stream,
    group_arn,
    group_missing,
    group_of,
    invalid,
    milliseconds,
)
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store, log_groups, log_streams
from penstock.store.log_following import read_from

UPDATE = 1.0  # seconds between updates that have no events
MOST = 500  # events of an update


class Tail(Service):
    session_seconds = 3 * 3600.0
    """How long a session may be open, as AWS has it."""

    async def start_live_tail(self, call: Call, request: Request) -> Answer:
        names = [
            group_of(call, identifier, "logGroupIdentifiers")
            for identifier in request["logGroupIdentifiers"]
        ]
        streams = request.get("logStreamNames", [])
        prefixes = request.get("logStreamNamePrefixes", [])
        if streams and prefixes:
            raise invalid("Cannot specify both logStreamNames and logStreamNamePrefixes.")
        if (streams or prefixes) and len(names) > 1:
            raise invalid("Log streams can be specified for a single log group only.")
        for name in streams:
            check_stream(name, "logStreamNames")
        keep = keep_of(request.get("logEventFilterPattern"))
        groups = await log_groups.find_all(
            self.store.database, call.account, call.region, sorted(set(names))
        )
        if len(groups) < len(set(names)):
            raise group_missing()
        arns = {group.id: group_arn(call, group.name) for group in groups}
        until = milliseconds(call.now) + int(self.session_seconds * 1000)
        await log_groups.tail(self.store.database, list(arns), until)
        session = Session(self.store, arns, streams, prefixes, keep)
        await session.begin()
        start = {
            "requestId": call.request_id,
            "sessionId": call.request_id,
            "logGroupIdentifiers": list(arns.values()),
            "logStreamNames": streams,
            "logStreamNamePrefixes": prefixes,
            "logEventFilterPattern": request.get("logEventFilterPattern", ""),
        }
        return {"responseStream": _stream(session, start, self.session_seconds)}


class Session:
    """What one caller tails: the streams, and which event of each is the next to tell."""

    def __init__(
        self,
        store: Store,
        arns: dict[int, str],
        names: Sequence[str],
        prefixes: Sequence[str],
        keep: Matches | None,
    ) -> None:
        self.store = store
        self.arns = arns
        self._names = names
        self._prefixes = prefixes
        self._keep = keep
        self._next: dict[int, int] = {}

    async def begin(self) -> None:
        """From here on; what was logged before is not told."""
        self._next = {row.id: row.next_number for row in await self._rows()}

    async def news(self) -> list[Answer] | None:
        """Some of what has been logged and not yet told, in the order of times.

        That may be nothing, if no event matches; None says that all has been told.
        """
        rows = {row.id: row for row in await self._rows()}
        behind = {
            row.id: self._next.get(row.id, 0)
            for row in rows.values()
            if self._next.get(row.id, 0) < row.next_number
        }
        if not behind:
            return None
        events = await read_from(self.store, behind)
        self._next.update((event.stream_id, event.number + 1) for event in events)
        if not events:  # they have expired
            self._next.update((id_, rows[id_].next_number) for id_ in behind)
        return [
            self._shape(event, rows[event.stream_id])
            for event in sorted(events)
            if self._keep is None or self._keep(event.message)
        ]

    async def _rows(self) -> list[Any]:
        return await log_streams.matching(
            self.store.database, list(self.arns), names=self._names, prefixes=self._prefixes
        )

    def _shape(self, event: Any, row: Any) -> Answer:
        return {
            "logStreamName": row.name,
            "logGroupIdentifier": self.arns[row.group_id],
            "message": event.message,
            "timestamp": event.at,
            "ingestionTime": event.ingested,
        }


async def _stream(session: Session, start: Answer, seconds: float) -> AsyncIterator[Answer]:
    yield {"sessionStart": start}
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    async with AsyncExitStack() as stack:
        news = [
            await stack.enter_async_context(
                session.store.notices.of(log_streams.topic_of_group(group))
            )
            for group in session.arns
        ]
        unheard = 2  # looks without news, at what was committed while this tail was set up
        logged = True
        while loop.time() < end:
            told = False
            while logged and (events := await session.news()) is not None:
                for place in range(0, len(events), MOST):
                    yield _update(events[place : place + MOST])
                    told = True
            if not told:
                yield _update([])
            unheard -= 1
            logged = await _any(news) or unheard > 0
    raise AwsError("SessionTimeoutException", "The session timed out.")


def _update(events: Sequence[Answer]) -> Answer:
    return {
        "sessionUpdate": {"sessionMetadata": {"sampled": False}, "sessionResults": list(events)}
    }


async def _any(news: Sequence[asyncio.Event]) -> bool:
    """Waits for news of one group, UPDATE seconds at most; whether there were any."""
    waiting = [asyncio.ensure_future(event.wait()) for event in news]
    try:
        done, _ = await asyncio.wait(waiting, timeout=UPDATE, return_when=asyncio.FIRST_COMPLETED)
    finally:  # also when whoever tails has gone
        for task in waiting:
            task.cancel()
    for event in news:
        event.clear()
    return bool(done)
