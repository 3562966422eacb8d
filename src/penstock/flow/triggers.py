"""What changes in sources start (CP-052, CP-100, CP-107…111).

Whoever hears of a change tells it here, in the transaction that records it. Each pipeline that
listens decides by itself, and what it decided is kept, for whoever asks why nothing has started.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import OperationalError

from penstock.decide.git_triggers import BRANCH, Change, PullRequest, Push, judge
from penstock.documents.pipelines import Action, Pipeline
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.flow.pipelines import begin
from penstock.state.pipelines import Cause, Override
from penstock.state.recorded_pipelines import PipelineName
from penstock.state.recorded_repositories import RefChange
from penstock.store.database import Connection
from penstock.store.facts import starts_by_itself
from penstock.store.triggers import (
    Listener,
    Source,
    Verdict,
    find_listeners,
    move_mark,
    record_verdict,
)

LOG = logging.getLogger("penstock.triggers")
POLLED, WEBHOOK_V2 = "PollForSourceChanges", "WebhookV2"
REFS = {BRANCH: "refs/heads/", "tag": "refs/tags/"}
_KNOWN = "it was heard of before"
NOT_BY_ITSELF = "it was not started: this server starts pipelines only when asked (`triggers`)"


class Heard(NamedTuple):
    """What a pipeline made of a change; `run` is None where it started nothing."""

    pipeline: PipelineName
    run: UUID | None
    reasons: tuple[str, ...]


async def repository_pushed(
    connection: Connection, changes: Sequence[RefChange], now: datetime
) -> None:
    """Branches and tags of a hosted repository have changed: what AWS would find by polling."""
    for change in changes:
        if change.after is None:
            continue
        where = change.repository
        source = Source(where.account, where.region, "CodeCommit", {"RepositoryName": where.name})
        push = Push(change.kind, change.name, change.after)
        await source_changed(connection, source, push, Cause(POLLED), now)


async def source_changed(
    connection: Connection, source: Source, change: Change, cause: Cause, now: datetime
) -> list[Heard]:
    """Starts the pipelines that listen to a repository for such a change."""
    listeners = await find_listeners(source, connection)
    return [
        await change_heard(connection, listener, source, change, cause, now)
        for listener in listeners
    ]


async def change_delivered(
    connection: Connection,
    source: Source,
    change: Change,
    cause: Cause,
    now: datetime,
    *,
    delivery: str,
) -> list[Heard]:
    """As `source_changed`, of a repository elsewhere, which is polled too: a push that has been
    seen so, or that was delivered before, starts nothing; nor does a `delivery` told twice."""
    heard = []
    for listener in await find_listeners(source, connection):
        known = await _knowing(connection, listener, source, change)
        heard.append(
            await change_heard(
                connection,
                listener,
                source,
                change,
                cause,
                now,
                token=f"delivery:{delivery}",
                known=known,
            )
        )
    return heard


async def _knowing(
    connection: Connection, listener: Listener, source: Source, change: Change
) -> set[str]:
    """The source actions that have seen a push before; the others have it marked as seen."""
    if isinstance(change, PullRequest):
        return set()
    ref = REFS[change.kind] + change.name
    names = [one.name for one in source_actions(pipeline_of(listener.document), source)]
    return {
        name
        for name in names
        if not await move_mark(connection, listener.id, name, ref, change.commit)
    }


async def change_heard(
    connection: Connection,
    listener: Listener,
    source: Source,
    change: Change,
    cause: Cause,
    now: datetime,
    *,
    token: str = "",
    known: Collection[str] = (),
) -> Heard:
    """As `source_changed`, for one pipeline: one execution at most, whichever of its source actions
    the change is about (CP-052). With a `token` a change that is told twice starts nothing twice.
    Source actions that have `known` it before are passed over."""
    pipeline = pipeline_of(listener.document)
    run, told = None, list[str]()
    for action in source_actions(pipeline, source):
        if action.name in known:
            told.append(f"{action.name}: {_KNOWN}")
            continue
        reasons: Sequence[str]
        starts, reasons = judge(pipeline, action, change)
        if starts and run is None:
            run, reasons, _ = await begin_or_say(
                connection,
                listener,
                cause,
                reasons,
                now,
                overrides=_overrides(pipeline, action, change),
                token=token,
            )
        told += (f"{action.name}: {reason}" for reason in reasons)
        verdict = Verdict(
            listener.id,
            action.name,
            in_words(change),
            change.commit,
            run if starts else None,
            reasons,
        )
        await record_verdict(connection, verdict, now)
    return Heard(listener.name, run, tuple(told))


def source_actions(pipeline: Pipeline, source: Source) -> Iterable[Action]:
    wanted = source.configuration.items()
    return (
        action
        for action in pipeline.stages[0].actions
        if action.type.provider == source.provider and wanted <= action.configuration.items()
    )


async def object_changed(
    connection: Connection, listener: Listener, action: str, version: str, what: str, now: datetime
) -> UUID | None:
    """Starts a pipeline as an object that it has as a source is another one now (CP-100)."""
    begun = await begin_or_say(
        connection, listener, Cause(POLLED), (f"{what} is another one than before",), now
    )
    verdict = Verdict(
        listener.id, action, f"a new version of {what}", version, begun.run, begun.reasons
    )
    await record_verdict(connection, verdict, now)
    return begun.run


def _overrides(pipeline: Pipeline, action: Action, change: Change) -> tuple[Override, ...]:
    """A trigger's execution has the very commit that started it (CP-111); else the source action
    fetches what its branch has when it runs."""
    triggered = any(one.source_action == action.name for one in pipeline.triggers)
    return (Override(action.name, "COMMIT_ID", change.commit),) if triggered else ()


class Begun(NamedTuple):
    """An execution; or None, the reason for it, and the API's error where that is one."""

    run: UUID | None
    reasons: tuple[str, ...]
    error: AwsError | None = None


async def begin_or_say(
    connection: Connection,
    listener: Listener,
    cause: Cause,
    reasons: Sequence[str],
    now: datetime,
    *,
    overrides: tuple[Override, ...] = (),
    token: str = "",
) -> Begun:
    """A pipeline that cannot start takes nothing else with it: the change has happened."""
    if not await starts_by_itself(connection):
        return Begun(None, (*reasons, NOT_BY_ITSELF))
    try:
        async with connection.transaction():
            run = await begin(
                connection, listener.name, cause, now=now, overrides=overrides, token=token
            )
    except AwsError as error:
        return Begun(None, (*reasons, f"it was not started: {error.code}: {error.message}"), error)
    except OperationalError:  # such as a deadlock: who told of the change tells it again
        raise
    except Exception as error:
        LOG.exception("%s cannot be started", listener.name.arn)
        fault = f"it was not started, by a fault of Penstock's own: {error!r}"
        return Begun(None, (*reasons, fault), AwsError("InternalFailure", fault, 500))
    return Begun(run, tuple(reasons))


def in_words(change: Change) -> str:
    if isinstance(change, PullRequest):
        return f"pull request {change.number} into {change.branch}: {change.event}"
    return f"a push to {'branch' if change.kind == BRANCH else 'tag'} {change.name}"
