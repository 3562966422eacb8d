"""How a build comes into the queue: the step `start` of the table in `flow.builds`.

| door | who |
| --- | --- |
| start, start_within | the API, webhooks, pipelines, batches: the project's next build |
| retry | the API: a build like another one |
| start_next | the end of a build that failed: the next one of its chain |

The project's row is the last that is locked here, so whoever holds a lock may start a build, but
whoever has started one locks nothing more of builds and batches in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from penstock.decide import build_documents
from penstock.decide.overrides import effective_build
from penstock.decide.retries import first_attempt
from penstock.decide.source_versions import ref_of
from penstock.errors import AwsError
from penstock.flow.build_signals import tell_start
from penstock.state.recorded_builds import BuildName
from penstock.store import Store, builds
from penstock.store.database import Connection
from penstock.store.queue import defer
from penstock.store.start_tokens import Table, lock_token

MOST_QUEUED = 1_000
"""Builds of an account in the queue; AWS has five times its concurrency quota (CB-135)."""
REMEMBERED = timedelta(minutes=5)
"""How long a token stands for the build that was started with it (CB-138)."""
QUEUE = "builds"

Document = dict[str, Any]


class StartOrder(NamedTuple):
    """A build to start. `request` has StartBuild's members.

    `variables` are CODEBUILD_WEBHOOK_… and their like, which no user may set. `check` raises
    AwsError where the effective build is none that can be. `batch` is the ARN of the batch that
    the build is one of.
    """

    account: str
    region: str
    project: str
    request: Mapping[str, Any]
    initiator: str
    now: datetime
    variables: Mapping[str, str] = {}
    token: str = ""
    check: Callable[[Document], None] = lambda build: None
    batch: str = ""


async def start(store: Store, order: StartOrder) -> Document:
    """Queues a build and returns the API's Build (CB-132).

    Raises AwsError: ResourceNotFoundException without the project, AccountLimitExceededException,
    InvalidInputException, and what `check` raises.
    """
    async with store.database.transaction() as connection:
        return await start_within(connection, order)


async def start_within(
    connection: Connection, order: StartOrder, effective: Document | None = None
) -> Document:
    """As `start`, in a transaction that goes on.

    An `effective` build takes the place of what the project and the order's request make.
    """
    if before := await known(connection, "builds", order):
        return before
    project = await _take_number(connection, order)
    effective = effective or effective_build(project.document, order.request)
    return await _start(connection, order, project, effective)


async def start_alone(connection: Connection, order: StartOrder, effective: Document) -> Document:
    """Queues an effective build that no project of the account's has; `order.project` is what it
    is called by. There is one for each action of a pipeline that has commands of its own."""
    return await _start(connection, order, _Alone(), effective)


class _Alone(NamedTuple):
    """What a build needs to know of its project, where it has none."""

    number: int = 1
    cache_generation: int = 0


async def _take_number(connection: Connection, order: StartOrder) -> Any:
    project = await builds.take_number(connection, order.account, order.region, order.project)
    if project is None:
        raise no_project(order)
    return project


async def _start(
    connection: Connection, order: StartOrder, project: Any, effective: Document
) -> Document:
    order.check(effective)
    await _check_limits(connection, order, effective)
    effective = {member: effective[member] for member in effective if member != "autoRetryConfig"}
    if attempt := first_attempt(effective):
        effective["autoRetryConfig"] = attempt
    return await _queue(connection, order, project, effective)


async def retry(store: Store, order: StartOrder, build: BuildName) -> Document:
    """Queues a build like another one, overrides and all (CB-137; `order.request` is RetryBuild's).

    Raises AwsError: ResourceNotFoundException without the build or its project, and as `start`.
    """
    async with store.database.transaction() as connection:
        if before := await known(connection, "builds", order):
            return before
        row = await builds.read_build(connection, build.uuid)
        if row is None or builds.name_of(row) != build:
            raise no_build(build)
        order = order._replace(variables=row.variables)
        return await _start(connection, order, await _take_number(connection, order), row.effective)


async def start_next(
    connection: Connection, row: Any, attempt: Document, now: datetime
) -> str | None:
    """Queues the next of a chain (CB-139) and returns its ARN; None without the project.

    `row` is of the build that ends, and `attempt` the autoRetryConfig of the next. That one takes
    the place of the one that ends, so no limit keeps it out.
    """
    project = await builds.take_number(connection, row.account, row.region, row.project)
    if project is None:
        return None
    effective = {**row.effective, "autoRetryConfig": attempt}
    order = StartOrder(
        row.account,
        row.region,
        row.project,
        {},
        row.document["initiator"],
        now,
        variables=row.variables,
    )
    document = await _queue(connection, order, project, effective)
    arn: str = document["arn"]
    return arn


async def known(connection: Connection, table: Table, order: StartOrder) -> Document | None:
    """The document of what the order's token was used for before (CB-138).

    Raises AwsError where that was another order than this one.
    """
    if not order.token:
        return None
    since = order.now - REMEMBERED
    row = await lock_token(connection, table, order.account, order.region, order.token, since)
    if row is None:
        return None
    if bytes(row.token_hash) != hash_of(order):
        raise AwsError(
            "InvalidInputException",
            "Idempotency token was used before with other parameters: parameter mismatch",
        )
    document: Document = row.document
    return document


def hash_of(order: StartOrder) -> bytes:
    """Of all that has to be the same for one token."""
    text = json.dumps([order.project, order.request], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).digest()


async def _queue(
    connection: Connection, order: StartOrder, project: Any, effective: Document
) -> Document:
    name = BuildName(order.account, order.region, order.project, uuid4())
    document = build_documents.submitted(
        effective, name, project.number, initiator=order.initiator, now=order.now
    )
    if order.batch:
        document["buildBatchArn"] = order.batch
    await builds.insert_build(
        connection,
        name,
        project.number,
        document=document,
        effective=effective,
        variables=order.variables,
        cache_generation=project.cache_generation,
        ref=ref_of(effective.get("sourceVersion", "")),
        token=order.token or None,
        token_hash=hash_of(order) if order.token else None,
        queued_until=order.now + timedelta(minutes=effective["queuedTimeoutInMinutes"]),
        now=order.now,
    )
    await tell_start(connection, name, document, order.now)
    await defer(connection, "run_build", {"build": str(name.uuid)}, queue=QUEUE)
    return document


async def _check_limits(connection: Connection, order: StartOrder, effective: Document) -> None:
    """CB-135. The project's row is locked, so nobody else counts at the same time."""
    queued, of_project = await builds.count_unfinished(
        connection, order.account, order.region, order.project
    )
    limit = effective.get("concurrentBuildLimit")
    if limit is not None and of_project >= limit:
        raise _too_many(f"Cannot have more than {limit} active builds for the project")
    if queued >= MOST_QUEUED:
        raise _too_many(f"Cannot have more than {MOST_QUEUED} builds in queue for the account")


def no_build(build: BuildName) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Build cannot be found: {build.arn}")


def no_project(order: StartOrder) -> AwsError:
    arn = f"arn:aws:codebuild:{order.region}:{order.account}:project/{order.project}"
    return AwsError("ResourceNotFoundException", f"Project cannot be found: {arn}")


def _too_many(message: str) -> AwsError:
    return AwsError("AccountLimitExceededException", message)
