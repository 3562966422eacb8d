"""Looks every minute at sources that do not tell of their changes (CP-100, CP-107).

A pipeline's sources are looked at from when it is there: of a repository the first look only keeps
where it is, of an object also what is newer than its last execution counts. Each repository and
each object is asked once, whatever number of pipelines has it as a source, several at a time; who
does not answer soon is left for the next minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from penstock.documents.pipelines import Action
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.flow.triggers import object_changed
from penstock.store import Store
from penstock.store.object_records import ObjectVersion, Place
from penstock.store.objects import look_up
from penstock.store.triggers import (
    Mark,
    Polled,
    disable_polling,
    find_marks,
    find_polled,
    see,
)
from penstock.worker.git_polling import poll_repositories

LOG = logging.getLogger("penstock.triggers")
IDLE = timedelta(days=30)
"""A pipeline that neither starts nor changes for so long is looked at no more (CP-100)."""
ROUND = 50.0
"""Seconds that one round of looking may take."""
AT_ONCE = 8
Marks = dict[tuple[int, str], Mark]


async def poll(store: Store, now: datetime, *, seconds: float = ROUND) -> int:
    """Starts the pipelines whose sources have changed; returns how many executions."""
    polled = await find_polled(store.database)
    idle = [one for one in polled if now - one.active > IDLE]
    if idle:
        await disable_polling(store.database, [one.listener.id for one in idle], now)
        for one in idle:
            LOG.info("%s is polled no more: nothing has changed", one.listener.name.arn)
    polled = [one for one in polled if now - one.active <= IDLE]
    if not polled:
        return 0
    marks = await find_marks(store.database)
    async with asyncio.TaskGroup() as tasks:
        objects = tasks.create_task(_poll_objects(store, polled, marks, now))
        repositories = tasks.create_task(poll_repositories(store, polled, marks, now, seconds))
    return objects.result() + repositories.result()


# Objects


async def _poll_objects(store: Store, polled: Sequence[Polled], marks: Marks, now: datetime) -> int:
    wanted: dict[Place, list[tuple[Polled, Action]]] = {}
    for one in polled:
        for action in _object_sources(one):
            asked = action.configuration
            place = Place(asked["S3Bucket"], asked["S3ObjectKey"], one.listener.name.account)
            wanted.setdefault(place, []).append((one, action))
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(place: Place, listening: list[tuple[Polled, Action]]) -> int:
        async with gate:
            return await _look(store, place, listening, marks, now)

    return sum(await asyncio.gather(*(look(*item) for item in wanted.items())))


def _object_sources(one: Polled) -> Iterable[Action]:
    """A key that a variable is in is known to none but an execution."""
    return (
        action
        for action in pipeline_of(one.listener.document).stages[0].actions
        if action.type.provider == "S3"
        and action.configuration.get("PollForSourceChanges", "true").lower() != "false"
        and "#{" not in action.configuration["S3ObjectKey"]
    )


async def _look(
    store: Store,
    place: Place,
    listening: list[tuple[Polled, Action]],
    marks: Marks,
    now: datetime,
) -> int:
    try:
        found = await look_up(store, place.bucket, place.key, owner=place.owner)
    except AwsError:  # no such bucket yet, or none of this account's
        found = None
    if found is not None and found.delete_marker:
        found = None
    started = 0
    for polled, action in listening:
        try:
            started += await _compare(store, place, found, polled, action, marks, now)
        except Exception:
            LOG.exception("%s cannot be polled", polled.listener.name.arn)
    return started


async def _compare(
    store: Store,
    place: Place,
    found: ObjectVersion | None,
    polled: Polled,
    action: Action,
    marks: Marks,
    now: datetime,
) -> bool:
    """Whether an execution was started."""
    bucket, key = place.bucket, place.key
    source = {"S3Bucket": bucket, "S3ObjectKey": key}
    seen = {} if found is None else {"version": found.version_id or "", "etag": found.etag}
    if marks.get((polled.listener.id, action.name)) == Mark(source, seen):
        return False
    async with store.database.transaction() as connection:
        before = await see(connection, polled.listener.id, action.name, source, seen, now)
        newer = found is not None and found.modified > polled.active
        if found is None or not (newer if before is None else before != seen):
            return False
        what, version = f"s3://{bucket}/{key}", found.version_id or found.etag
        run = await object_changed(connection, polled.listener, action.name, version, what, now)
    return run is not None
