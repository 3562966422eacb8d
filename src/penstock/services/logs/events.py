"""Log events: put, read and filtered (TG-040 to TG-042)."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.decide.filter_patterns import Matches, matcher
from penstock.decide.log_batches import accept, fault, too_wide
from penstock.documents.filter_pattern import FilterPatternError, parse
from penstock.errors import not_implemented
from penstock.services.logs.names import (
    check_group,
    check_stream,
    find_group,
    find_stream,
    group_name,
    invalid,
    milliseconds,
    stream_missing,
)
from penstock.services.paging import make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import Store, log_streams, logs
from penstock.store.log_appends import Appends
from penstock.store.log_chunks import Event
from penstock.store.log_reading import PAGE_EVENTS, Bound, Page, Walk, between, read_page

_BAD_TOKEN = invalid("The specified nextToken is invalid.")
_DESCENDING_FROM = 1_704_067_200_000  # 2024, before which AWS does not go backwards


class Events(Service):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._appends = Appends(store)

    async def put_log_events(self, call: Call, request: Request) -> Answer:
        group = check_group(request["logGroupName"])
        stream = check_stream(request["logStreamName"])
        times = [event["timestamp"] for event in request["logEvents"]]
        messages = [event["message"] for event in request["logEvents"]]
        wrong = fault(times, messages)
        if wrong:
            raise invalid(wrong)
        name = logs.StreamName(call.account, call.region, group, stream)
        rejected = await self._put(call, name, list(zip(times, messages, strict=True)), times)
        # Clients of old hand the token on; nobody looks at what it is.
        answer: Answer = {"nextSequenceToken": f"{milliseconds(call.now):056d}"}
        return answer | ({"rejectedLogEventsInfo": rejected} if rejected else {})

    async def _put(
        self, call: Call, name: logs.StreamName, events: logs.LogEvents, times: Sequence[int]
    ) -> dict[str, int]:
        now = milliseconds(call.now)
        taken = accept(times, now)
        part, wrong = events[taken.start : taken.end], too_wide(times[taken.start : taken.end])
        if wrong:
            raise invalid(wrong)
        if part and await self._appends.add(name, logs.Append(part, now, part[0][0])):
            return taken.rejected
        found = await find_stream(self.store, call, name.group, name.stream)
        taken = accept(times, now, found.retention_days)
        part = events[taken.start : taken.end]
        if part:
            async with self.store.database.transaction() as connection:
                if not await logs.add_measured(
                    connection, name, found.group_id, part, now=call.now
                ):
                    raise stream_missing()
        return taken.rejected

    async def get_log_events(self, call: Call, request: Request) -> Answer:
        _refuse_unmask("GetLogEvents", request)
        group, name = group_name(call, request), check_stream(request["logStreamName"])
        stream = await find_stream(self.store, call, group, name)
        low, high = between(request.get("startTime"), request.get("endTime"))
        walk = Walk(stream.group_id, [stream.id], low, high, request.get("startFromHead", False))
        token = request.get("nextToken")
        if token is not None:
            walk = _from_token(walk, token)
        page = await read_page(self.store, walk, request.get("limit", PAGE_EVENTS))
        forward, backward = _tokens(walk, page.events, token)
        return {
            "events": [
                {"timestamp": event.at, "message": event.message, "ingestionTime": event.ingested}
                for event in page.events
            ],
            "nextForwardToken": forward,
            "nextBackwardToken": backward,
        }

    async def filter_log_events(self, call: Call, request: Request) -> Answer:
        _refuse_unmask("FilterLogEvents", request)
        group = await find_group(self.store, call, group_name(call, request))
        keep = keep_of(request.get("filterPattern"))
        streams = await self._streams(group.id, request)
        end = request.get("endTime")
        start = request.get("startTime")
        low, high = between(start, None if end is None else end + 1)
        forward = request.get("startFromHead", True)
        kind = f"filter:{group.id}:{request.get('filterPattern')}"
        place = read_token(kind, request.get("nextToken"), _BAD_TOKEN)
        if place is not None:
            forward = place[0]
            low, high = (Bound(*place[1:]), high) if forward else (low, Bound(*place[1:]))
        elif not forward and (start or 0) < _DESCENDING_FROM:
            raise invalid(
                "startFromHead can be false only with a startTime on or after January 1, 2024."
            )
        walk = Walk(group.id, streams, low, high, forward, keep)
        page = await read_page(self.store, walk, request.get("limit", PAGE_EVENTS))
        return _filtered(kind, page, forward)

    async def _streams(self, group_id: int, request: Request) -> list[int] | None:
        """The streams a request is about, or None for all of the group."""
        names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
        if names is None and prefix is None:
            return None
        if names is not None and prefix is not None:
            raise invalid("Cannot specify both logStreamNames and logStreamNamePrefix.")
        found = await log_streams.matching(
            self.store.database,
            [group_id],
            names=[check_stream(name, "logStreamNames") for name in names or ()],
            prefixes=[prefix] if prefix else (),
        )
        if names is not None and len(found) < len(set(names)):
            raise stream_missing()
        return [row.id for row in found]


def keep_of(pattern: str | None) -> Matches | None:
    """What a filter pattern matches; None for everything."""
    if pattern is None or not pattern.strip():
        return None
    try:
        return matcher(parse(pattern))
    except FilterPatternError as error:
        raise invalid(str(error)) from None


def _refuse_unmask(operation: str, request: Request) -> None:
    if request.get("unmask"):
        raise not_implemented(f"{operation}.unmask")


def _filtered(kind: str, page: Page, forward: bool) -> Answer:
    events = page.events if forward else page.events[::-1]
    answer: Answer = {
        "events": [_filtered_shape(event, page.names[event.stream_id]) for event in events],
        "searchedLogStreams": [],
    }
    if page.rest is not None:
        bound = page.rest.low if forward else page.rest.high
        answer["nextToken"] = make_token(kind, forward, *bound)
    return answer


def _filtered_shape(event: Event, stream: str) -> Answer:
    return {
        "logStreamName": stream,
        "timestamp": event.at,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": f"{event.at:016d}{event.stream_id:020d}{event.number:020d}",
    }


def _from_token(walk: Walk, token: str) -> Walk:
    """The walk that goes on in a token's direction; what `startFromHead` says does not matter."""
    direction, _, rest = token.partition("/")
    place = read_token(f"events:{walk.streams}", rest, _BAD_TOKEN)
    if direction not in ("f", "b") or place is None:
        raise _BAD_TOKEN
    bound = Bound(*place)
    if direction == "f":
        return walk._replace(forward=True, low=max(bound, walk.low))
    return walk._replace(forward=False, high=min(bound, walk.high))


def _tokens(walk: Walk, events: Sequence[Event], token: str | None) -> tuple[str, str]:
    """Behind and before a page; of an empty one, where it was looked for (TG-041)."""
    kind = f"events:{walk.streams}"
    if events:
        before, behind = Bound(*events[0][:3]), Bound(*events[-1][:2], events[-1].number + 1)
    else:
        before = behind = walk.high if token and not walk.forward else walk.low
    forward, backward = f"f/{make_token(kind, *behind)}", f"b/{make_token(kind, *before)}"
    if events or token is None:
        return forward, backward
    return (token, backward) if walk.forward else (forward, token)
