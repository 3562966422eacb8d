"""What handlers of resources in the sandbox have in common: how they begin, fail and end."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job, Kind, Made, NotMade, Outcome
from penstock.resources.reasons import handler_error_code, reason_of

NOTHING: Mapping[str, Any] = {}


class Sandboxed:
    """A type of resources that the sandbox keeps; a subclass says what its operations are.

    `make` is done again after a kill, and then finds what it made: `job.again`. What fails after it
    leaves a resource that is there, which the stack deletes.
    """

    async def make(self, job: Job) -> str:
        """Makes the resource. The physical id."""
        raise NotImplementedError

    async def change(self, job: Job) -> None:
        """Changes the resource itself, where properties other than `complete`'s have changed."""

    async def complete(self, job: Job, physical_id: str) -> None:
        """What takes further operations, after `make` and after `change`: `job.previous` is what
        the resource has of them by now, empty where it is new."""

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return NOTHING

    async def remove(self, job: Job) -> None:
        """Raises AwsError, also for what is not there."""
        raise NotImplementedError

    async def create(self, job: Job) -> Outcome:
        physical_id = ""
        try:
            physical_id = await self.make(job)
            await self.complete(job, physical_id)
            attributes = await self.attributes(job, physical_id)
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), physical_id, Kind.SANDBOX)
        return Made(physical_id, attributes, Kind.SANDBOX)

    async def update(self, job: Job) -> Outcome:
        physical_id = job.physical_id
        try:
            await self.change(job)
            await self.complete(job, physical_id)
            attributes = await self.attributes(job, physical_id)
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), physical_id, Kind.SANDBOX)
        return Made(physical_id, attributes, Kind.SANDBOX)

    async def delete(self, job: Job) -> Outcome:
        try:
            await gone(self.remove(job))
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), job.physical_id, Kind.SANDBOX)
        return Made(job.physical_id, kind=Kind.SANDBOX)


async def gone(asked: Awaitable[Any]) -> bool:
    """Whether there was something to remove."""
    try:
        await asked
    except AwsError as error:
        if handler_error_code(error) != "NotFound":
            raise
        return False
    return True


async def there(job: Job, asked: Awaitable[Answer]) -> Answer | None:
    """The answer to a request that makes something, or None where an earlier attempt at this task
    made it. Raises AwsError where somebody else did."""
    try:
        return await asked
    except AwsError as error:
        if job.again and handler_error_code(error) in ("AlreadyExists", "ResourceConflict"):
            return None
        raise


async def refuse_existing(job: Job, asked: Awaitable[Any], what: str) -> None:
    """For operations that take what is there for what is to be made: CloudFormation looks first.
    `asked` finds nothing where it is to be made."""
    if not await gone(asked):
        return
    if not job.again:
        raise AwsError("AlreadyExistsException", f"{what} already exists")


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
