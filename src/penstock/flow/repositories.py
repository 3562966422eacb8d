"""Hosted repositories: what has changed in one is recorded, and told, in one transaction.

The truth about refs is in the git directory; the rows say what was told last. Whoever lets git
change refs does it within `changing`, which notes that before, and afterwards compares both. A
server that is killed in between leaves its note, and `settle` does the rest.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from psycopg import InterfaceError, OperationalError

from penstock.decide.repository_changes import (
    STATE_CHANGE,
    changes_of,
    default_branch,
    reference_of,
    state_change,
    trigger_message,
    triggered,
)
from penstock.flow.actions import QUEUE
from penstock.flow.triggers import repository_pushed
from penstock.state.recorded_repositories import RefChange, Repository, folder_of
from penstock.store import Store, repositories
from penstock.store.database import Connection
from penstock.store.events import Event, record_event
from penstock.store.queue import defer
from penstock.store.repository_folders import (
    GitError,
    hold,
    is_here,
    is_quiet,
    read_head,
    read_refs,
    remove_folder,
    set_head,
)

LOG = logging.getLogger("penstock.git")
DELIVER = "deliver_repository_trigger"


@asynccontextmanager
async def changing(store: Store, repository: Repository, caller: str) -> AsyncIterator[int]:
    """For the time in which refs may change; what has changed is recorded at the end of it.

    Gives a file descriptor for the programs that change them: as long as one of these lives, the
    note of it stays. Raises OSError where the repository is gone, and database errors.
    """
    held = await asyncio.to_thread(hold, repository.folder)
    try:
        now = datetime.now(UTC)
        mark = await repositories.mark_push(store.database, repository.id, caller, now)
        try:
            yield held
        finally:
            await asyncio.shield(reconcile(store, repository.id, caller, (mark,)))
    finally:
        os.close(held)


async def reconcile(
    store: Store, repository: UUID, caller: str, marks: Collection[UUID] = ()
) -> tuple[RefChange, ...]:
    """Records what is otherwise in the git directory than was told last, takes `marks` back, and
    returns the changes. Raises GitError."""
    async with store.database.transaction() as connection:
        row = await repositories.lock_repository(connection, repository)
        if row is None:
            return ()
        now = datetime.now(UTC)
        found = await read_refs(row.folder)
        recorded = await repositories.recorded_refs(connection, repository)
        changes = changes_of(row, recorded, found, caller)
        if changes:
            await repositories.record_refs(connection, repository, changes, now)
            head = await read_head(row.folder)
            branch = default_branch(row.default_branch, head, found)
            if branch != row.default_branch:
                await repositories.set_default_branch(connection, repository, branch, now)
            if branch is not None and branch != head:
                await set_head(row.folder, branch)
            await announce(connection, changes, now)
        await repositories.forget_pushes(connection, marks)
    return changes


async def announce(connection: Connection, changes: Sequence[RefChange], now: datetime) -> None:
    """Tells of changes of one repository, in the transaction that records them: the one place
    from which events, triggers, and whatever else follows a push are made."""
    for change in changes:
        where = change.repository
        await record_event(
            connection,
            Event(
                where.account,
                where.region,
                "aws.codecommit",
                STATE_CHANGE,
                (where.arn,),
                now,
                state_change(change),
            ),
        )
    await repository_pushed(connection, changes, now)
    for trigger in changes[0].repository.triggers if changes else ():
        if about := triggered(trigger, changes):
            where = about[0].repository
            message = trigger_message(
                where, trigger, list(map(reference_of, about)), about[0].caller, str(uuid4()), now
            )
            delivery = {
                "account": where.account,
                "destination": trigger["destinationArn"],
                "message": message,
            }
            await defer(connection, DELIVER, delivery, queue=QUEUE)


async def set_branch(store: Store, repository: Repository, branch: str) -> None:
    """Makes a branch the one that clones check out. Raises GitError."""
    async with store.database.transaction() as connection:
        row = await repositories.lock_repository(connection, repository.id)
        if row is not None:
            now = datetime.now(UTC)
            await repositories.set_default_branch(connection, row.id, branch, now)
            await set_head(row.folder, branch)


async def settle(store: Store) -> int:
    """Records what was pushed while nobody could, and removes what deleted repositories left.

    For servers that start, and every minute; a worker without the files leaves it to others.
    Returns how many repositories it has looked at.
    """
    root = await repositories.root_of(store.database)
    marked = await repositories.marked_repositories(store.database)
    for row in marked:
        folder = folder_of(root, row.repository)
        if not is_here(folder):
            continue
        try:
            quiet = await asyncio.to_thread(is_quiet, folder)
            await reconcile(store, row.repository, row.caller, row.marks if quiet else ())
        except (OperationalError, InterfaceError):
            raise
        except (GitError, OSError) as error:
            LOG.warning("repository %s cannot be looked at: %s", row.repository, error)
        except Exception:  # the others are not to wait for it
            LOG.exception("what was pushed to repository %s cannot be recorded", row.repository)
    if os.path.isdir(root):
        for left in await repositories.leftovers(store.database):
            await discard(store, folder_of(root, left), left)
    return len(marked)


async def discard(store: Store, folder: str, repository: UUID) -> None:
    """Removes the files of a deleted repository."""
    await remove_folder(folder)
    if not is_here(folder):
        await repositories.forget_leftover(store.database, repository)
