"""The steps of a job, as which a job worker performs a custom action (CP-145, CP-157, CP-158).

| step | from | to |
| --- | --- | --- |
| open_job | | Queued |
| poll | Queued, Dispatched | Dispatched: everybody who asks is told of it |
| acknowledge | Dispatched | InProgress: whoever is first has it |
| succeed | InProgress | Succeeded; with a continuation token there is a next job |
| fail | InProgress | Failed |

A job goes with its action: once that has ended otherwise, by its deadline or because the run was
abandoned, nobody is told of the job any more, and it takes no result.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from penstock.decide.action_documents import job_data
from penstock.decide.artifact_keys import place_of, store_of
from penstock.decide.pipelines.variables import MOST_OUTPUT_BYTES, byte_count
from penstock.documents.pipelines import Action, TypeId
from penstock.errors import AwsError
from penstock.flow.action_sessions import session_of
from penstock.flow.action_starts import read_start
from penstock.flow.actions import defer_start
from penstock.flow.pipelines import Result, finish_action
from penstock.state.pipelines import ActionStatus, Artifact, Failed, Revision, Succeeded
from penstock.state.recorded_pipelines import Start
from penstock.store import Store, action_executions, pipeline_jobs, pipelines
from penstock.store.access_keys import issue_key
from penstock.store.database import Connection

KEYS = timedelta(hours=12)
"""How long a job's credentials are of use; asking for the job's details gives others."""
AGAIN = timedelta(seconds=30)
"""Until a function is invoked again that wants to go on (CP-157); AWS does not say."""
INVOKED = ("LambdaInvoke",)
"""Providers that begin again with each job, which nobody polls for."""
DISPATCHED, IN_PROGRESS, SUCCEEDED, FAILED = "Dispatched", "InProgress", "Succeeded", "Failed"

Document = dict[str, Any]


class Job(NamedTuple):
    """The API's Job, or JobDetails, which has no nonce."""

    id: UUID
    account: str
    nonce: str
    data: Document


class Report(NamedTuple):
    """What a job worker says of a success; `continuation_token` is for the next job, if any."""

    variables: Mapping[str, str] = {}
    revision: Revision | None = None
    continuation_token: str = ""
    result: Result = Result()


async def open_job(store: Store, start: Start, now: datetime) -> UUID:
    """The job of an action; asked again, it is the same job."""
    job = uuid5(start.id, "job")
    async with store.database.transaction() as connection:
        await _insert(connection, job, start, "", now)
    return job


async def hand_out(store: Store, start: Start, now: datetime) -> Job | None:
    """The job that a function is invoked for: the action's first, or the next of a continuation.

    Nobody polls for it or acknowledges it. Asked again before it has ended, it is the same job;
    None where the action has ended.
    """
    async with store.database.transaction() as connection:
        job = await pipeline_jobs.find_going(connection, start.id) or uuid5(start.id, "job")
        await _insert(connection, job, start, "", now)
        await pipeline_jobs.begin_job(connection, job)
    row = await pipeline_jobs.find_job(store.database, job)
    return await _job(store, row, now) if row is not None and _goes_on(row) else None


async def poll(
    store: Store,
    place: tuple[str, str],
    type_id: TypeId,
    *,
    query: tuple[str, str] | None = None,
    limit: int = 1,
    now: datetime,
) -> list[Job]:
    """Jobs of a type that nobody has acknowledged, the oldest first; `place` is account and Region.

    `query` is a key of the actions' configuration and its value.
    """
    async with store.database.transaction() as connection:
        rows = await pipeline_jobs.take_jobs(connection, place, type_id, query, limit)
    found = [await _job(store, row, now) for row in rows]
    return [job for job in found if job is not None]


async def acknowledge(store: Store, account: str, job: UUID, nonce: str) -> str:
    """Gives the job to whoever is first, and returns its status.

    Raises AwsError: JobNotFoundException, InvalidNonceException.
    """
    async with store.database.transaction() as connection:
        row = _found(await pipeline_jobs.lock_job(connection, job), account, job)
        open_still = row.status in pipeline_jobs.OPEN and _goes_on(row)
        if not open_still or not secrets.compare_digest(row.nonce.encode(), nonce.encode()):
            message = "The nonce is not that of the job, or the job was acknowledged before"
            raise AwsError("InvalidNonceException", message)
        await pipeline_jobs.save_status(connection, job, IN_PROGRESS)
    return IN_PROGRESS


async def describe(store: Store, account: str, job: UUID, now: datetime) -> Job:
    """Raises AwsError: JobNotFoundException, also for a job whose action has ended."""
    row = _found(await pipeline_jobs.find_job(store.database, job), account, job)
    found = await _job(store, row, now)
    if found is None:
        raise _no_job(job)
    return found


async def succeed(store: Store, account: str, job: UUID, report: Report, now: datetime) -> None:
    """Ends a job, and with it the action unless there is to be a next job (CP-158).

    Raises AwsError: JobNotFoundException, InvalidJobStateException, ValidationException,
    OutputVariablesSizeExceededException.
    """
    _check(report)
    row = _found(await pipeline_jobs.find_job(store.database, job), account, job)
    start = await read_start(store, row.action)
    async with store.database.transaction() as connection:
        await _take(connection, account, job)
        if start is None:
            raise _not_in_progress(job)
        await pipeline_jobs.save_status(connection, job, SUCCEEDED)
        if token := report.continuation_token:
            await _insert(connection, uuid5(job, "next"), start, token, now)
            await action_executions.save_waiting(connection, start.id, report.result, now)
            if start.action.type.provider in INVOKED:
                await defer_start(connection, start.id, now + AGAIN)
            return
        succeeded = Succeeded(_outputs(start, report.revision), report.variables, report.revision)
        await finish_action(connection, start.id, succeeded, now, result=report.result)


async def fail(
    store: Store, account: str, job: UUID, failed: Failed, result: Result, now: datetime
) -> None:
    """Ends a job and its action. Raises AwsError: JobNotFoundException,
    InvalidJobStateException."""
    async with store.database.transaction() as connection:
        row = await _take(connection, account, job)
        await pipeline_jobs.save_status(connection, job, FAILED)
        await finish_action(connection, row.action, failed, now, result=result)


async def _insert(
    connection: Connection, job: UUID, start: Start, continuation_token: str, now: datetime
) -> None:
    await pipeline_jobs.insert_job(
        connection,
        job,
        start.id,
        start.name[:2],
        start.action.type,
        nonce=str(secrets.randbelow(10**12)),
        continuation_token=continuation_token,
        now=now,
    )


async def _take(connection: Connection, account: str, job: UUID) -> Any:
    """The row of a job in progress, locked after its pipeline's as everybody does. Raises
    AwsError."""
    row = _found(await pipeline_jobs.find_job(connection, job), account, job)
    name = await action_executions.find_place(connection, row.action)
    if name is not None:
        await pipelines.lock_pipeline(connection, name)
    row = _found(await pipeline_jobs.lock_job(connection, job), account, job)
    if row.status != IN_PROGRESS or not _goes_on(row):
        raise _not_in_progress(job)
    return row


async def _job(store: Store, row: Any, now: datetime) -> Job | None:
    start = await read_start(store, row.action)
    if start is None:
        return None
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection,
            store.sealer,
            session_of(start),
            now=now,
            expires=min(start.deadline, now + KEYS),
            description=f"job {row.id}",
        )
    credentials = {
        "accessKeyId": key.access_key_id,
        "secretAccessKey": key.secret_access_key,
        "sessionToken": key.session_token,
    }
    data = job_data(
        start,
        _outputs(start, None),
        credentials=credentials,
        continuation_token=row.continuation_token,
        store=store_of(start),
    )
    return Job(row.id, row.account, row.nonce, data)


def _outputs(start: Start, revision: Revision | None) -> dict[str, Artifact]:
    outputs = start.action.outputs if isinstance(start.action, Action) else ()
    said = revision.id if revision else ""
    return {one.name: place_of(start, one.name)._replace(revision=said) for one in outputs}


def _check(report: Report) -> None:
    if report.continuation_token and report.variables:
        message = "outputVariables cannot be given together with a continuationToken"
        raise AwsError("ValidationException", message)
    if byte_count(report.variables) > MOST_OUTPUT_BYTES:
        raise AwsError(
            "OutputVariablesSizeExceededException",
            f"The output variables have more than {MOST_OUTPUT_BYTES} bytes",
        )


def _found(row: Any | None, account: str, job: UUID) -> Any:
    if row is None or row.account != account:
        raise _no_job(job)
    return row


def _goes_on(row: Any) -> bool:
    return bool(row.action_status == ActionStatus.IN_PROGRESS)


def _no_job(job: UUID) -> AwsError:
    return AwsError("JobNotFoundException", f"Job {job} cannot be found")


def _not_in_progress(job: UUID) -> AwsError:
    return AwsError("InvalidJobStateException", f"Job {job} is not in progress")
