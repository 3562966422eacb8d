"""What handlers of resources in the sandbox have in common: how they begin, fail and end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Job, Kind, Made, NotMade, Outcome
from penstock.resources.existence import recorded, unless_gone
from penstock.resources.reasons import handler_error_code, reason_of

NOTHING: Mapping[str, Any] = {}


class Kept(ABC):
    """A type of resources that the sandbox keeps; a subclass says what its operations are.

    Those without `comes_back` have an id that the sandbox draws, or stand on one that has: when
    it has begun anew they are not there, and an update of them is only recorded.
    """

    comes_back = True

    async def change(self, job: Job) -> None:
        """Changes the resource itself, where properties other than `complete`'s have changed."""
        return

    async def complete(self, job: Job, physical_id: str) -> None:
        """What takes further operations, after `make` and after `change`: `job.previous` is what
        the resource has of them by now, empty where it is new."""
        return

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return NOTHING

    @abstractmethod
    async def remove(self, job: Job) -> None:
        """Raises AwsError, also for what is not there."""

    async def update(self, job: Job) -> Outcome:
        physical_id = job.physical_id
        try:
            await self.change(job)
            await self.complete(job, physical_id)
            attributes = await self.attributes(job, physical_id)
        except AwsError as error:
            if not self.comes_back and handler_error_code(error) == "NotFound":
                return recorded(job)
            return NotMade(reason_of(error, job.task.id), physical_id, Kind.SANDBOX)
        return Made(physical_id, attributes, Kind.SANDBOX)

    async def delete(self, job: Job) -> Outcome:
        try:
            await unless_gone(self.remove(job))
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), job.physical_id, Kind.SANDBOX)
        return Made(job.physical_id, kind=Kind.SANDBOX)


class Sandboxed(Kept):
    """One that is made and then completed.

    `make` is done again after a kill, and then finds what it made: `job.again`. What fails after it
    leaves a resource that is there, which the stack deletes.
    """

    @abstractmethod
    async def make(self, job: Job) -> str:
        """Makes the resource. The physical id."""

    async def create(self, job: Job) -> Outcome:
        physical_id = ""
        try:
            physical_id = await self.make(job)
            await self.complete(job, physical_id)
            attributes = await self.attributes(job, physical_id)
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), physical_id, Kind.SANDBOX)
        return Made(physical_id, attributes, Kind.SANDBOX)


def needed(properties: Mapping[str, Any], *names: str) -> None:
    """Raises AwsError for the first of `names` that was not given."""
    for name in names:
        if properties.get(name) is None:
            message = f"Model validation failed (#: required key [{name}] not found)"
            raise AwsError("ValidationError", message)


def changed(job: Job, *names: str) -> bool:
    return any(job.properties.get(name) != job.previous.get(name) for name in names)


def plain_list(value: Any) -> list[Any]:
    """A list of a template; one value alone is a list of it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
