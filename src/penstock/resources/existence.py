"""What is there already, and what is gone already: a task may be done twice, and some other hand
may have made or removed what a stack is about."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job, Kind, Made, NotMade
from penstock.resources.reasons import handler_error_code, reason_of

T = TypeVar("T")
_THERE, _GONE = ("AlreadyExists", "ResourceConflict"), ("NotFound",)


async def unless_there(job: Job, asked: Awaitable[Answer], *codes: str) -> Answer | None:
    """The answer to a request that makes something, or None where an earlier attempt at this task
    made it. Raises AwsError where somebody else did.

    `codes` say that it is there; without them, those that say so by their words.
    """
    try:
        return await asked
    except AwsError as error:
        if job.again and _says(error, codes, _THERE):
            return None
        raise


async def unless_gone(asked: Awaitable[T], *codes: str) -> T | None:
    """The answer to a request, or None where what it is about is not there: as `codes` say, or
    those that say so by their words."""
    try:
        return await asked
    except AwsError as error:
        if _says(error, codes, _GONE):
            return None
        raise


def _says(error: AwsError, codes: tuple[str, ...], kinds: tuple[str, ...]) -> bool:
    return error.code in codes if codes else handler_error_code(error) in kinds


def recorded(job: Job) -> Made:
    """What it has been told to be, with nothing behind it any more."""
    return Made(job.physical_id, job.task.attributes, Kind.RECORDED)


async def settled(job: Job, physical_id: str, settling: Awaitable[Made]) -> Made | NotMade:
    """What became of something that has been made, and is being given its settings: where these
    are refused it is there nevertheless, and has to be deleted."""
    try:
        return await settling
    except AwsError as error:
        return NotMade(reason_of(error, job.task.id), physical_id)
