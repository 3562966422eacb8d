"""Change sets: what is planned of stacks, and has not been done yet or was done last."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from penstock.store.database import Connection, Database


class ChangeSet(NamedTuple):
    """`id` is the last part of its ARN. `stack` is the id of its stack. `sealed` is what is
    planned and shown, bound to `about`."""

    id: UUID
    account: str
    region: str
    stack: UUID
    name: str
    type: str
    status: str
    reason: str
    sealed: bytes
    token: str | None
    base: datetime | None
    parent: UUID | None
    created: datetime
    executed: datetime | None = None

    @property
    def arn(self) -> str:
        place = f"arn:aws:cloudformation:{self.region}:{self.account}"
        return f"{place}:changeSet/{self.name}/{self.id}"


def about(id: UUID) -> str:
    """What the sealed plan of a change set is bound to."""
    return f"change set {id}"


async def insert_change_set(connection: Connection, made: ChangeSet) -> bool:
    """False where the stack has one of this name that has not been executed."""
    inserted = await connection.execute(
        "INSERT INTO change_sets (id, account, region, stack, name, type, status, reason, sealed,"
        "  token, base, parent, created, executed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (stack, name) WHERE executed IS NULL DO NOTHING",
        made,
    )
    return inserted.rowcount == 1


async def find_by_id(
    database: Database, account: str, region: str, name: str, id: UUID
) -> ChangeSet | None:
    row = await database.fetch_one(
        "SELECT * FROM change_sets WHERE (account, region, name, id) = (%s, %s, %s, %s)",
        (account, region, name, id),
    )
    return ChangeSet(**row._asdict()) if row else None


async def find_by_name(database: Database, stack: UUID, name: str) -> ChangeSet | None:
    """The one that can be executed still, or else the one that was."""
    row = await database.fetch_one(
        "SELECT * FROM change_sets WHERE stack = %s AND name = %s"
        " ORDER BY executed IS NULL DESC, created DESC LIMIT 1",
        (stack, name),
    )
    return ChangeSet(**row._asdict()) if row else None


async def lock_change_set(connection: Connection, id: UUID) -> ChangeSet | None:
    found = await connection.execute("SELECT * FROM change_sets WHERE id = %s FOR UPDATE", (id,))
    row = await found.fetchone()
    return ChangeSet(**row._asdict()) if row else None


async def list_change_sets(
    database: Database, stack: UUID, *, after: str, limit: int
) -> list[ChangeSet]:
    """Those that have not been executed, past a name, in the order of names."""
    rows = await database.fetch(
        "SELECT * FROM change_sets WHERE stack = %s AND executed IS NULL AND name > %s"
        " ORDER BY name LIMIT %s",
        (stack, after, limit),
    )
    return [ChangeSet(**row._asdict()) for row in rows]


async def children_of(database: Database, parent: UUID) -> list[ChangeSet]:
    rows = await database.fetch(
        "SELECT * FROM change_sets WHERE parent = %s ORDER BY name", (parent,)
    )
    return [ChangeSet(**row._asdict()) for row in rows]


async def executed_of(database: Database, stacks: list[UUID]) -> dict[UUID, ChangeSet]:
    """The one that was executed last, of each stack that has one."""
    rows = await database.fetch(
        "SELECT * FROM change_sets WHERE stack = ANY (%s) AND executed IS NOT NULL", (stacks,)
    )
    return {row.stack: ChangeSet(**row._asdict()) for row in rows}


async def mark_executed(connection: Connection, made: ChangeSet, now: datetime) -> None:
    """It stays; all others of its stack go, and those of its nested stacks (TG-110)."""
    await connection.execute(
        "DELETE FROM change_sets WHERE stack = %s AND id <> %s OR parent = %s",
        (made.stack, made.id, made.id),
    )
    await connection.execute("UPDATE change_sets SET executed = %s WHERE id = %s", (now, made.id))


async def delete_change_set(connection: Connection, id: UUID) -> None:
    """With those of its nested stacks."""
    await connection.execute("DELETE FROM change_sets WHERE id = %s", (id,))
