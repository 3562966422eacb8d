"""The steps of a build's life: each is one transaction, and tells who waits for news of the build.

| step | from | to | who |
| --- | --- | --- | --- |
| start | | QUEUED | the API, webhooks, pipelines, batches (`flow.build_starts`) |
| begin | QUEUED | RUNNING | a worker, which then has the claim |
| record_progress | RUNNING | RUNNING | who has the claim |
| finish | RUNNING | ENDED | who has the claim |
| stop | QUEUED | ENDED | the API |
| stop | RUNNING | RUNNING | the API; the worker is asked to |
| refuse | QUEUED | ENDED | a worker that cannot begin it |
| give_up | QUEUED, RUNNING | ENDED | `overdue`, a worker whose child has died |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from penstock.decide import build_documents
from penstock.decide.retries import auto_retry
from penstock.errors import AwsError
from penstock.flow.action_builds import tell_action
from penstock.flow.batch_members import tell_batch
from penstock.flow.build_signals import tell_end, tell_phases
from penstock.flow.build_starts import no_build, start_next
from penstock.state.builds import PhaseContext, PhaseRecord, Status
from penstock.state.calls import Principal
from penstock.state.recorded_builds import MOVES, BuildName, Claim, Ending, Stage
from penstock.store import Store, builds
from penstock.store.access_keys import IssuedKey, issue_key, revoke_key
from penstock.store.database import Connection
from penstock.store.notices import notify
from penstock.store.reports import record_report

if TYPE_CHECKING:
    from penstock.runner.codebuild.reports.model import Report

GRACE = timedelta(minutes=5)
"""How long a build's credentials outlive its timeout: it has yet to upload what it made."""

Document = dict[str, Any]


class Lost(Exception):
    """The build is no longer this claim's: somebody has ended it meanwhile."""


class Begun(NamedTuple):
    """A build that is this worker's to perform: its row as it is now, and its credentials."""

    claim: Claim
    name: BuildName
    number: int
    document: Document
    effective: Document
    variables: Mapping[str, str]
    cache_generation: int
    key: IssuedKey


SessionOf = Callable[[str, str], Principal]
"""The principal that a session of a role is, for a build with a UUID."""


async def begin(
    store: Store, claim: Claim, worker: UUID, session_of: SessionOf, now: datetime
) -> Begun | None:
    """Claims a build; None where it is not in the queue any more.

    With the same claim again, as after a lost connection, it is the same beginning.
    """
    async with store.database.transaction() as connection:
        row = await builds.lock_build(connection, claim.build)
        if row is None or not (row.claim == claim.token or _may(row, Stage.RUNNING)):
            return None
        name = builds.name_of(row)
        deadline = now + timedelta(minutes=row.effective["timeoutInMinutes"])
        key = await issue_key(
            connection,
            store.sealer,
            session_of(row.effective["serviceRole"], str(claim.build)),
            now=now,
            expires=deadline + GRACE,
            description=f"build {name.id}",
        )
        document = build_documents.begun(row.document, now)
        await builds.claim_build(
            connection,
            claim,
            worker=worker,
            access_key_id=key.access_key_id,
            document=document,
            deadline=deadline,
        )
        await tell_phases(connection, name, document, document["phases"][1:2], now)
        await notify(connection, name.topic)
    return Begun(
        claim,
        name,
        row.number,
        document,
        row.effective,
        row.variables,
        row.cache_generation,
        key,
    )


class Progressed(NamedTuple):
    """How far a build is: all its records since QUEUED, of which the last `left` were left since
    this was told last, and other members of Build that have changed."""

    records: Sequence[PhaseRecord]
    left: Sequence[PhaseRecord]
    changes: Mapping[str, Any] = {}
    ref: str | None = None


async def record_progress(
    store: Store, begun: Begun, progressed: Progressed, now: datetime
) -> None:
    """Raises Lost."""
    changes = {
        **progressed.changes,
        **build_documents.progress(begun.document, progressed.records),
    }
    async with store.database.transaction() as connection:
        document = await builds.change_running(connection, begun.claim, changes, progressed.ref)
        if document is None:
            raise Lost
        left = list(map(build_documents.phase_document, progressed.left))
        await tell_phases(connection, begun.name, document, left, now)
        await notify(connection, begun.name.topic)


class Recorded(NamedTuple):
    """The ARNs of a build's reports, and why others are none."""

    arns: tuple[str, ...]
    refusals: tuple[str, ...]


async def record_reports(
    store: Store, name: BuildName, reports: Sequence[Report], now: datetime
) -> Recorded:
    """Makes a build's reports into rows; doing so again changes nothing (CB-070)."""
    arns, refusals = [], []
    for report in reports:
        try:
            async with store.database.transaction() as connection:
                arn = await record_report(
                    connection,
                    account=name.account,
                    region=name.region,
                    build_arn=name.arn,
                    report=report,
                    now=now,
                )
            arns.append(arn)
        except AwsError as error:
            refusals.append(f"No report {report.name}: {error.message}")
    return Recorded(tuple(arns), tuple(refusals))


async def finish(store: Store, claim: Claim, ending: Ending, now: datetime) -> None:
    """Ends a build that this claim has. Raises Lost."""
    async with store.database.transaction() as connection:
        row = await builds.lock_build(connection, claim.build)
        if row is None or row.claim != claim.token:
            raise Lost
        await _end(connection, row, ending, now)


async def give_up(
    connection: Connection, row: Any, status: Status, context: PhaseContext, now: datetime
) -> None:
    """Ends a build, whose row is locked, in place of a worker that does not, or before any has."""
    records = build_documents.cut_short(row.document, status, context, now)
    await _end(connection, row, Ending(status, records), now)


async def give_up_claim(
    store: Store, claim: Claim, status: Status, context: PhaseContext, now: datetime
) -> bool:
    """Ends a build that this claim has, of which nothing more can be told; False where it ended."""
    async with store.database.transaction() as connection:
        row = await builds.lock_build(connection, claim.build)
        if row is None or row.claim != claim.token:
            return False
        await give_up(connection, row, status, context, now)
        return True


async def refuse(store: Store, build: UUID, now: datetime) -> None:
    """Ends a build in the queue that cannot be begun."""
    async with store.database.transaction() as connection:
        row = await builds.lock_build(connection, build)
        if row is not None and row.stage == Stage.QUEUED:
            await _end(connection, row, Ending(Status.FAULT), now)


async def stop(store: Store, build: BuildName, now: datetime) -> Document:
    """Ends a build in the queue, asks for the end of one that runs (CB-136); the API's Build.

    Raises AwsError: ResourceNotFoundException.
    """
    async with store.database.transaction() as connection:
        return await stop_within(connection, build, now)


async def stop_within(connection: Connection, build: BuildName, now: datetime) -> Document:
    """As `stop`."""
    row = await builds.lock_build(connection, build.uuid)
    if row is None or builds.name_of(row) != build:
        raise no_build(build)
    if row.stage == Stage.QUEUED:
        return await _end(connection, row, Ending(Status.STOPPED), now)
    if _may(row, Stage.ENDED):
        await builds.request_stop(connection, build.uuid, now)
        await notify(connection, build.topic)
    document: Document = row.document
    return document


def _may(row: Any, stage: Stage) -> bool:
    return stage in MOVES[Stage(row.stage)]


async def _end(connection: Connection, row: Any, ending: Ending, now: datetime) -> Document:
    """The end of every build; the row is locked, and its stage is one from which it may end."""
    name = builds.name_of(row)
    told = {phase["phaseType"] for phase in row.document["phases"] if "endTime" in phase}
    document = build_documents.ended(row.document, ending, now)
    attempt = auto_retry(row.effective, name.arn, ending.status)
    if attempt and (following := await start_next(connection, row, attempt, now)):
        config = {**row.effective["autoRetryConfig"], "nextAutoRetry": following}
        document["autoRetryConfig"] = config
    await builds.end_build(connection, row.id, document, now)
    if row.access_key_id:
        await revoke_key(connection, row.access_key_id, now)
    left = [
        phase
        for phase in document["phases"]
        if "endTime" in phase and phase["phaseType"] not in told
    ]
    await tell_phases(connection, name, document, left, now)
    await tell_end(connection, name, document, now)
    if "buildBatchArn" in document:
        await tell_batch(connection, row.id, document)
    await tell_action(connection, row.id, document, now)
    await notify(connection, name.topic)
    return document
