"""The steps of a batch's life: each is one transaction under the lock of the batch's row.

| step | when | what |
| --- | --- | --- |
| start | the API, webhooks, pipelines ask | a new batch; its first build is queued |
| record_plan | the first build has read the buildspec | the plan of the other builds is kept |
| advance | a build of the batch has ended, or it is time | builds start and stop, or it is over |
| combine | all its builds have ended well | their artifacts become one (`flow.batch_artifacts`) |
| stop | the API asks | no more builds start, those that run are stopped |
| retry | the API asks, of one that is over | the same batch again, or its failed builds |

`advance` is the one door for all that happens meanwhile. It looks at the rows, not at what it was
called for, so it may be called at any time and any number of times. Whoever ends a build of a batch
defers it in the same transaction (`flow.batch_members`).

Rows are locked in this order: the batch's, those of its builds, each before the member's, then the
project's. The end of a build does so too, of which another build may start (`start_next`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from penstock.decide import batch_documents
from penstock.decide.batch_documents import is_combining
from penstock.decide.batch_plans import (
    UNTOLD,
    combines,
    current,
    effective_batch,
    executable_plan,
    final_status,
    has_read_source,
    member_build,
    moves_now,
    plan_of,
    progress_of,
    resolved_version,
)
from penstock.decide.batches import Moves, Task
from penstock.documents.batch import Batch
from penstock.errors import AwsError
from penstock.flow.action_builds import tell_action_of_batch
from penstock.flow.batch_artifacts import ask_to_combine
from penstock.flow.batch_members import ADVANCE, QUEUE
from penstock.flow.build_starts import (
    REMEMBERED,
    StartOrder,
    hash_of,
    known,
    no_project,
    start_within,
)
from penstock.flow.builds import Begun, Lost, stop_within
from penstock.state.builds import Status
from penstock.state.recorded_batches import DOWNLOAD_SOURCE, IDENTIFIER, BatchBuild, BatchName
from penstock.state.recorded_builds import Claim
from penstock.store import Store
from penstock.store import build_batches as batches
from penstock.store.database import Connection
from penstock.store.notices import notify
from penstock.store.queue import defer

LIMIT = "AccountLimitExceededException"
FULL = timedelta(seconds=10)
"""Until builds are started again that the project's or the account's limit kept out (CB-135)."""
RETRY_FAILED = "RETRY_FAILED_BUILDS"

Document = dict[str, Any]
Check = Callable[[Document], None]
"""Raises AwsError where an effective build of a batch is none that can be."""


async def start(store: Store, order: StartOrder, check: Check) -> Document:
    """Begins a batch and returns the API's BuildBatch; `order.request` is StartBuildBatch's.

    `order.check` is of the effective batch, `check` of its builds. Raises AwsError:
    ResourceNotFoundException without the project, InvalidInputException, and what `order.check`
    raises.
    """
    async with store.database.transaction() as connection:
        return await start_batch(connection, order, check)


async def start_batch(
    connection: Connection, order: StartOrder, check: Check, effective: Document | None = None
) -> Document:
    """As `start`, in a transaction that goes on.

    An `effective` batch takes the place of what the project and the order's request make.
    """
    if before := await known(connection, "build_batches", order):
        return before
    project = await batches.take_number(connection, *order[:3])
    if project is None:
        raise no_project(order)
    effective = effective or effective_batch(project.document, order.request)
    order.check(effective)
    name = BatchName(*order[:3], uuid4())
    deadline = _deadline(effective, order.now)
    await batches.insert_batch(
        connection,
        name,
        document=batch_documents.submitted(
            effective, name, project.number, initiator=order.initiator, now=order.now
        ),
        effective=effective,
        variables=order.variables,
        deadline=deadline,
        token=order.token or None,
        token_hash=hash_of(order) if order.token else None,
        now=order.now,
    )
    return await _begin(connection, name, deadline, check, order.now)


def reads_batch(begun: Begun) -> bool:
    """Whether a build is the first one of a batch: it has no commands, but tells the batch."""
    is_first = begun.variables.get(IDENTIFIER) == DOWNLOAD_SOURCE
    return is_first and "buildBatchArn" in begun.document


async def record_plan(store: Store, claim: Claim, batch: Batch | None) -> None:
    """Keeps what the claim's build, a batch's first one, found in the buildspec. Raises Lost."""
    async with store.database.transaction() as connection:
        row = await batches.read_effective(connection, claim)
        if row is None:
            raise Lost
        await batches.save_plan(connection, row.id, plan_of(batch, row.effective))


async def advance(store: Store, batch: UUID, check: Check, now: datetime) -> None:
    """Does all there is to do now; nothing for a batch that is over, or deleted."""
    async with store.database.transaction() as connection:
        row = await batches.lock_batch(connection, batch)
        if row is not None and row.ended is None:
            await _advance(connection, row, check, now)


async def advance_all(store: Store, check: Check, now: datetime) -> int:
    """Advances every batch that is not over, for jobs that died with their workers; how many."""
    unfinished = await batches.find_unfinished(store.database)
    for batch in unfinished:
        await advance(store, batch, check, now)
    return len(unfinished)


async def stop(store: Store, name: BatchName, check: Check, now: datetime) -> Document:
    """Stops a batch's builds, and with them the batch; one that is over stays as it ended.

    Returns the API's BuildBatch. Raises AwsError: ResourceNotFoundException.
    """
    async with store.database.transaction() as connection:
        row = await _lock(connection, name)
        if row.ended is not None:
            document: Document = row.document
            return document
        if row.stopping is None:
            await batches.save_stopping(connection, row.id, Status.STOPPED)
            row = row._replace(stopping=Status.STOPPED)
        return await _advance(connection, row, check, now)


async def retry(
    store: Store, name: BatchName, kind: str, token: str, check: Check, now: datetime
) -> Document:
    """Does a batch that did not succeed again, with its id (CB-137); the API's BuildBatch.

    `kind` is a word of RetryBuildBatchType: which of its builds are done again. Those that never
    started are done in any case. Raises AwsError: ResourceNotFoundException, InvalidInputException.
    """
    async with store.database.transaction() as connection:
        row = await _lock(connection, name)
        document: Document = row.document
        token = f"{kind} {token}" if token else ""
        if token and row.retry_token == token and now - row.retried < REMEMBERED:
            return document
        _check_retry(row, name)
        # A plan that could not be carried out has no builds: the source may have a better one now.
        again = kind != RETRY_FAILED or row.plan is None or "problem" in row.plan
        await batches.supersede(connection, row.id, succeeded=again)
        deadline = _deadline(row.effective, now)
        await batches.renew(
            connection, row.id, forget_plan=again, deadline=deadline, token=token, now=now
        )
        await batches.save_document(
            connection, row.id, batch_documents.retried(document, now), None
        )
        return await _begin(connection, name, deadline, check, now)


def _check_retry(row: Any, name: BatchName) -> None:
    if row.ended is None:
        raise AwsError("InvalidInputException", f"Build batch {name.arn} is in progress")
    if row.status == Status.SUCCEEDED:
        message = f"Build batch {name.arn} has succeeded: only a failed one can be retried"
        raise AwsError("InvalidInputException", message)


async def delete(store: Store, name: BatchName) -> list[BatchBuild]:
    """Removes a batch that is over, but not its builds; returns these.

    Raises AwsError: ResourceNotFoundException, InvalidInputException.
    """
    async with store.database.transaction() as connection:
        row = await _lock(connection, name)
        if row.ended is None:
            raise AwsError("InvalidInputException", f"Build batch {name.arn} is in progress")
        members = await batches.read_members(connection, row.id)
        await batches.delete_batch(connection, row.id)
        return members


async def _lock(connection: Connection, name: BatchName) -> Any:
    row = await batches.lock_batch(connection, name.uuid)
    if row is None or batches.name_of(row) != name:
        message = f"Build batch cannot be found: {name.arn}"
        raise AwsError("ResourceNotFoundException", message)
    return row


def _deadline(effective: Document, now: datetime) -> datetime:
    return now + timedelta(minutes=effective["buildBatchConfig"]["timeoutInMins"])


async def _begin(
    connection: Connection, name: BatchName, deadline: datetime, check: Check, now: datetime
) -> Document:
    await _advance_again(connection, name, deadline)
    return await _advance(connection, await _lock(connection, name), check, now)


async def _advance_again(
    connection: Connection, name: BatchName, at: datetime, once: str | None = None
) -> None:
    await defer(connection, ADVANCE, {"batch": str(name.uuid)}, queue=QUEUE, at=at, once=once)


async def _advance(connection: Connection, row: Any, check: Check, now: datetime) -> Document:
    """The row is locked, and the batch not over."""
    name = batches.name_of(row)
    row, end = await _move(connection, row, check, now)
    members = await batches.read_members(connection, row.id)
    kind = row.effective["artifacts"]["type"]
    document = batch_documents.progressed(row.document, name, row.plan, members, kind, now)
    status = final_status(row.plan, row.stopping, end) if end else None
    if status is Status.SUCCEEDED and combines(row.effective):
        document, status = batch_documents.combining(document, now), None
        await ask_to_combine(connection, row.id)
    if status is not None:
        why = batch_documents.why_ended(row.plan, members, status)
        document = batch_documents.ended(document, status, why, now)
    await batches.save_document(connection, row.id, document, now if status else None)
    if status is not None:
        await tell_action_of_batch(connection, row.id, document, now)
    await notify(connection, name.topic)
    return document


async def _move(
    connection: Connection, row: Any, check: Check, now: datetime
) -> tuple[Any, Status | None]:
    """Stops and starts builds until there is nothing more to do for now.

    The row as it is then, and how the batch ends if it is over. Whoever has started a build may
    stop none in the same transaction: that would be against the order of locks.
    """
    name, started = batches.name_of(row), False
    while True:
        members = await batches.read_members(connection, row.id)
        row = await _judge(connection, row, members, now)
        moves = _moves(row, members)
        if moves.stop and started:
            await _advance_again(connection, name, now)
            return row, None
        for identifier in moves.stop:
            await _stop(connection, name, members, identifier, now)
        if not await _start_all(connection, row, members, moves.start, check, now):
            await _advance_again(connection, name, now + FULL, once=f"full {name.topic}")
            return row, None
        if not (moves.start or moves.stop):
            return row, moves.end
        started = started or bool(moves.start)


def _moves(row: Any, members: list[BatchBuild]) -> Moves:
    progress = progress_of(members, stopped=row.stopping is not None)
    return moves_now(executable_plan(row.plan, row.effective), progress)


async def _judge(connection: Connection, row: Any, members: list[BatchBuild], now: datetime) -> Any:
    """The row with what nobody told: that the time is over, or that no plan will come any more."""
    if row.plan is None and has_read_source(members):
        await batches.save_plan(connection, row.id, UNTOLD)
        row = row._replace(plan=UNTOLD)
    goes_on = is_combining(row.document) or _moves(row, members).end is None
    if row.stopping is None and row.deadline <= now and goes_on:
        await batches.save_stopping(connection, row.id, Status.TIMED_OUT)
        row = row._replace(stopping=Status.TIMED_OUT)
    return row


async def _stop(
    connection: Connection,
    name: BatchName,
    members: list[BatchBuild],
    identifier: str,
    now: datetime,
) -> None:
    """The build's row is locked before the member's, as whoever ends the build does it."""
    build = next(one.build for one in current(members) if one.identifier == identifier)
    if build is not None:
        await stop_within(connection, name.build(build), now)
        await batches.mark_stopping(connection, build)


async def _start_all(
    connection: Connection,
    row: Any,
    members: list[BatchBuild],
    tasks: tuple[Task, ...],
    check: Check,
    now: datetime,
) -> bool:
    """False where a limit kept some of them out, for now."""
    for task in tasks:
        if not await _start(connection, row, members, task.identifier, check, now):
            return False
    return True


async def _start(
    connection: Connection,
    row: Any,
    members: list[BatchBuild],
    identifier: str,
    check: Check,
    now: datetime,
) -> bool:
    """False where a limit keeps the build out. One that cannot be at all has failed."""
    effective = member_build(row.effective, row.plan, identifier, resolved_version(members))
    order = StartOrder(
        row.account,
        row.region,
        row.project,
        {},
        row.document["initiator"],
        now,
        variables={**row.variables, IDENTIFIER: identifier},
        check=check,
        batch=row.document["arn"],
    )
    build, problem = None, ""
    try:
        async with connection.transaction():
            document = await start_within(connection, order, effective)
            build = UUID(document["id"].rpartition(":")[2])
    except AwsError as error:
        if error.code == LIMIT:
            return False
        problem = f"{error.code}: {error.message}"
    await batches.insert_member(
        connection, row.id, identifier, build=build, problem=problem, now=now
    )
    return True
