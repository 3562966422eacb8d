"""What is there already, and what is gone already: a task may be done twice, and some other hand
may have made or removed what a stack is about."""

from __future__ import annotations

from collections.abc import Awaitable

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job, Made, NotMade
from penstock.resources.reasons import reason_of


async def unless_there(job: Job, asked: Awaitable[Answer], *codes: str) -> Answer | None:
    """The answer to a request that makes something, or None where an earlier attempt at this task
    made it. Raises AwsError where somebody else did; `codes` say that it is there."""
    try:
        return await asked
    except AwsError as error:
        if job.again and error.code in codes:
            return None
        raise


async def unless_gone(asked: Awaitable[Answer], *codes: str) -> Answer | None:
    """The answer to a request, or None where what it is about is not there, as `codes` say."""
    try:
        return await asked
    except AwsError as error:
        if error.code in codes:
            return None
        raise


async def settled(job: Job, physical_id: str, settling: Awaitable[Made]) -> Made | NotMade:
    """What became of something that has been made, and is being given its settings: where these
    are refused it is there nevertheless, and has to be deleted."""
    try:
        return await settling
    except AwsError as error:
        return NotMade(reason_of(error, job.task.id), physical_id)
