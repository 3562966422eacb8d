"""Wait conditions, and the handles whose addresses are signalled to."""

from __future__ import annotations

import re
from datetime import timedelta

from penstock.errors import AwsError
from penstock.flow.signal_answers import outcome_of_wait
from penstock.resources.contract import Job, Made, Outcome, Waiting
from penstock.resources.shaping import check_names, whole_number
from penstock.store.signals import (
    PATH,
    Kind,
    Wait,
    add_wait,
    delete_handle,
    lock_handle,
    make_handle,
    read_signals,
)

LONGEST = 43_200  # seconds
MOST = 1_000_000  # signals
DEFAULT = "PT5M"
_NAMES = ("Count", "Handle", "Timeout")
_DURATION = re.compile(r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?", re.ASCII)


class WaitConditionHandle:
    """Its Ref is an address to which signals are PUT."""

    async def create(self, job: Job) -> Outcome:
        check_names(job.properties, ())
        async with job.store.database.transaction() as connection:
            handle = await make_handle(connection, job.task.id, Kind.WAIT, job.now)
        url = f"{job.endpoint}{PATH}{handle.id}"
        return Made(url, {"Id": url})

    async def update(self, job: Job) -> Outcome:
        return Made(job.physical_id, job.task.attributes)

    async def delete(self, job: Job) -> Outcome:
        await delete_handle(job.store.database, _id(job.physical_id))
        return Made(job.physical_id)


class WaitCondition:
    async def create(self, job: Job) -> Outcome:
        check_names(job.properties, _NAMES)
        physical_id = f"{job.stack.arn}/{job.task.logical_id}"
        if "Handle" not in job.properties and job.task.creation_policy:
            return await _signalled(job, physical_id)
        count = whole_number(job.properties.get("Count", 1), "Count", 0, MOST)
        seconds = whole_number(job.properties.get("Timeout"), "Timeout", 0, LONGEST)
        wait = Wait(job.task.id, physical_id, count)
        async with job.store.database.transaction() as connection:
            id = _id(str(job.properties.get("Handle", "")))
            if await lock_handle(connection, id) is None:
                raise AwsError("ValidationError", "Handle is not that of a WaitConditionHandle")
            outcome = outcome_of_wait(wait, await read_signals(connection, id))
            if outcome is None:
                await add_wait(connection, id, wait)
        return outcome or Waiting(job.now + timedelta(seconds=seconds), physical_id)

    async def update(self, job: Job) -> Outcome:
        message = f"Update to resource type {job.task.type} is not supported."
        raise AwsError("ValidationError", message)

    async def delete(self, job: Job) -> Outcome:
        return Made(job.physical_id)


async def _signalled(job: Job, physical_id: str) -> Outcome:
    """One that is signalled by its name, with SignalResource, as its creation policy says."""
    policy = job.task.creation_policy.get("ResourceSignal") or {}
    check_names(policy, ("Count", "Timeout"))
    count = whole_number(policy.get("Count", 1), "Count", 0, MOST)
    patience = read_duration(str(policy.get("Timeout", DEFAULT)))
    wait = Wait(job.task.id, physical_id, count)
    async with job.store.database.transaction() as connection:
        handle = await make_handle(connection, job.task.id, Kind.NAMED, job.now)
        outcome = outcome_of_wait(wait, await read_signals(connection, handle.id))
        if outcome is None:
            await add_wait(connection, handle.id, wait)
    return outcome or Waiting(job.now + patience, physical_id)


def read_duration(text: str) -> timedelta:
    """Of ISO 8601, as creation policies write it: `PT1H30M10S`. Raises AwsError."""
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        message = f"Value of property Timeout must be a duration such as PT15M, not {text}"
        raise AwsError("ValidationError", message)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return min(timedelta(hours=hours, minutes=minutes, seconds=seconds), timedelta(seconds=LONGEST))


def _id(url: str) -> str:
    return url.rpartition(PATH)[2]
