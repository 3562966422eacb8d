"""Rows of hosted git repositories: what they are called, and their branches and tags as last told.

Where their git directories are is a fact of the installation (`ROOT`), as is the region that need
not be named (`HOME`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from penstock.state.recorded_repositories import RefChange, Repository
from penstock.store.database import Connection, Database

ROOT = "repositories"
HOME = "region"
_SELECT: LiteralString = (
    "SELECT id, account, region, name, description, default_branch, key_id, created, modified,"
    " tags, triggers, triggers_id,"
    " coalesce((SELECT value #>> '{}' FROM facts WHERE facts.name = 'repositories'), '') AS root,"
    " coalesce((SELECT value #>> '{}' FROM facts WHERE facts.name = 'region'), '') AS home"
    " FROM repositories"
)


async def find_repository(
    source: Database | Connection, account: str, region: str, name: str
) -> Repository | None:
    sql: LiteralString = _SELECT + " WHERE (account, region, name) = (%s, %s, %s)"
    if isinstance(source, Database):
        row: Any = await source.fetch_one(sql, (account, region, name))
    else:
        row = await (await source.execute(sql, (account, region, name))).fetchone()
    return Repository(*row) if row else None


async def find_repositories(
    database: Database, account: str, region: str, names: Sequence[str]
) -> list[Repository]:
    rows = await database.fetch(
        _SELECT + " WHERE (account, region) = (%s, %s) AND name = ANY (%s)",
        (account, region, list(names)),
    )
    return [Repository(*row) for row in rows]


async def find_in_regions(database: Database, account: str, name: str) -> list[Repository]:
    """All of one name in an account."""
    rows = await database.fetch(
        _SELECT + " WHERE account = %s AND name = %s ORDER BY region",
        (account, name),
    )
    return [Repository(*row) for row in rows]


async def lock_repository(connection: Connection, repository: UUID) -> Repository | None:
    """One that nobody else changes until the transaction ends."""
    found = await connection.execute(
        _SELECT + " WHERE id = %s FOR NO KEY UPDATE OF repositories",
        (repository,),
    )
    row = await found.fetchone()
    return Repository(*row) if row else None


async def list_repositories(
    database: Database,
    account: str,
    region: str,
    *,
    by_time: bool,
    descending: bool,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Any]:
    """id, name, modified; `after` are the time, in ISO 8601, and the name of one before them."""
    time, name = after or (None, None)
    statement = _LISTINGS[by_time, descending]
    return await database.fetch(
        statement,
        {"account": account, "region": region, "time": time, "name": name, "limit": limit},
    )


_LISTED: LiteralString = (
    "SELECT id, name, modified FROM repositories"
    " WHERE (account, region) = (%(account)s, %(region)s) AND "
)
_LISTINGS: dict[tuple[bool, bool], LiteralString] = {
    (False, False): _LISTED
    + "(%(name)s::text IS NULL OR name > %(name)s) ORDER BY name LIMIT %(limit)s",
    (False, True): _LISTED
    + "(%(name)s::text IS NULL OR name < %(name)s) ORDER BY name DESC LIMIT %(limit)s",
    (True, False): _LISTED
    + "(%(name)s::text IS NULL OR (modified, name) > (%(time)s::timestamptz, %(name)s))"
    " ORDER BY modified, name LIMIT %(limit)s",
    (True, True): _LISTED
    + "(%(name)s::text IS NULL OR (modified, name) < (%(time)s::timestamptz, %(name)s))"
    " ORDER BY modified DESC, name DESC LIMIT %(limit)s",
}


async def root_of(database: Database) -> str:
    row = await database.fetch_one(
        "SELECT value #>> '{}' AS root FROM facts WHERE name = %s", (ROOT,)
    )
    return str(row.root) if row else ""


async def insert_repository(database: Database, made: Repository) -> bool:
    """False where one of this name is there."""
    count = await database.execute(
        "INSERT INTO repositories"
        " (id, account, region, name, description, key_id, created, modified, tags)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            made.id,
            made.account,
            made.region,
            made.name,
            made.description,
            made.key_id,
            made.created,
            made.modified,
            Jsonb(dict(made.tags)),
        ),
    )
    return count == 1


async def delete_repository(
    connection: Connection, account: str, region: str, name: str
) -> UUID | None:
    """Its id: its files are left over, until `forget_leftover` is called. None where none was."""
    gone = await connection.execute(
        "WITH gone AS (DELETE FROM repositories WHERE (account, region, name) = (%s, %s, %s)"
        "   RETURNING id)"
        " INSERT INTO repository_leftovers SELECT id FROM gone RETURNING id",
        (account, region, name),
    )
    row = await gone.fetchone()
    return row.id if row else None


async def leftovers(database: Database) -> list[UUID]:
    return [row.id for row in await database.fetch("SELECT id FROM repository_leftovers")]


async def forget_leftover(database: Database, repository: UUID) -> None:
    await database.execute("DELETE FROM repository_leftovers WHERE id = %s", (repository,))


async def rename_repository(
    connection: Connection, repository: UUID, name: str, now: datetime
) -> None:
    await connection.execute(
        "UPDATE repositories SET name = %s, modified = %s WHERE id = %s", (name, now, repository)
    )


async def describe_repository(
    database: Database, repository: UUID, description: str, now: datetime
) -> None:
    await database.execute(
        "UPDATE repositories SET description = %s, modified = %s WHERE id = %s",
        (description, now, repository),
    )


async def set_default_branch(
    connection: Connection, repository: UUID, branch: str | None, now: datetime
) -> None:
    await connection.execute(
        "UPDATE repositories SET default_branch = %s, modified = %s WHERE id = %s",
        (branch, now, repository),
    )


async def set_tags(connection: Connection, repository: UUID, tags: Mapping[str, str]) -> None:
    await connection.execute(
        "UPDATE repositories SET tags = %s WHERE id = %s", (Jsonb(dict(tags)), repository)
    )


async def set_triggers(
    database: Database, repository: UUID, triggers: Sequence[Mapping[str, Any]]
) -> UUID:
    """Returns the id of this configuration."""
    configuration = uuid4()
    await database.execute(
        "UPDATE repositories SET triggers = %s, triggers_id = %s WHERE id = %s",
        (Jsonb(list(triggers)), configuration, repository),
    )
    return configuration


# Branches and tags.


async def recorded_refs(source: Database | Connection, repository: UUID) -> dict[str, str]:
    sql: LiteralString = (
        "SELECT ref, commit FROM repository_refs WHERE repository = %s ORDER BY ref"
    )
    if isinstance(source, Database):
        rows = await source.fetch(sql, (repository,))
    else:
        rows = await (await source.execute(sql, (repository,))).fetchall()
    return {row.ref: row.commit for row in rows}


async def recorded_commit(database: Database, repository: UUID, ref: str) -> str | None:
    row = await database.fetch_one(
        "SELECT commit FROM repository_refs WHERE (repository, ref) = (%s, %s)", (repository, ref)
    )
    return row.commit if row else None


async def branches_after(database: Database, repository: UUID, after: str, limit: int) -> list[str]:
    """Full names, in their order."""
    rows = await database.fetch(
        "SELECT ref FROM repository_refs WHERE repository = %s AND ref > %s"
        " AND ref LIKE 'refs/heads/%%' ORDER BY ref LIMIT %s",
        (repository, after, limit),
    )
    return [row.ref for row in rows]


async def record_refs(
    connection: Connection, repository: UUID, changes: Sequence[RefChange], now: datetime
) -> None:
    gone = [change.ref for change in changes if change.after is None]
    there = [(change.ref, change.after) for change in changes if change.after is not None]
    await connection.execute(
        "DELETE FROM repository_refs WHERE repository = %s AND ref = ANY (%s)", (repository, gone)
    )
    await connection.execute(
        "INSERT INTO repository_refs (repository, ref, commit)"
        " SELECT %s, * FROM unnest(%s::text[], %s::text[])"
        " ON CONFLICT (repository, ref) DO UPDATE SET commit = excluded.commit",
        (repository, [ref for ref, _ in there], [commit for _, commit in there]),
    )
    await connection.execute(
        "UPDATE repositories SET modified = %s WHERE id = %s", (now, repository)
    )


# Pushes that are under way.


async def mark_push(database: Database, repository: UUID, caller: str, now: datetime) -> UUID:
    """Says that refs may change from now on; of use until `forget_pushes` takes it back."""
    mark = uuid4()
    await database.execute(
        "INSERT INTO repository_pushes (id, repository, caller, begun) VALUES (%s, %s, %s, %s)",
        (mark, repository, caller, now),
    )
    return mark


async def forget_pushes(connection: Connection, marks: Collection[UUID]) -> None:
    await connection.execute("DELETE FROM repository_pushes WHERE id = ANY (%s)", (list(marks),))


async def marked_repositories(database: Database) -> list[Any]:
    """Where pushes have begun and are not recorded: repository, marks, and who began first."""
    return await database.fetch(
        "SELECT repository, array_agg(id) AS marks, (array_agg(caller ORDER BY begun))[1] AS caller"
        " FROM repository_pushes GROUP BY repository ORDER BY min(begun)"
    )
