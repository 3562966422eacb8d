"""What stacks export to others of their account and Region, and who imports it (TG-120)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from penstock.state.stacks import StackName
from penstock.store.database import Connection
from penstock.store.reading import Source, read_rows
from penstock.store.sealing import Sealer


class Export(NamedTuple):
    name: str
    value: str
    stack: StackName


async def list_exports(
    source: Source, sealer: Sealer, account: str, region: str, *, after: str = "", limit: int
) -> list[Export]:
    """By name."""
    rows = await read_rows(
        source,
        _SELECT + " WHERE e.account = %s AND e.region = %s AND e.name > %s"
        " ORDER BY e.name LIMIT %s",
        (account, region, after, limit),
    )
    return [_export(sealer, row) for row in rows]


async def find_exports(
    source: Source, sealer: Sealer, account: str, region: str, names: Collection[str]
) -> dict[str, Export]:
    """Those of the names that are exported."""
    rows = await read_rows(
        source,
        _SELECT + " WHERE e.account = %s AND e.region = %s AND e.name = ANY (%s)",
        (account, region, list(names)),
    )
    return {row.name: _export(sealer, row) for row in rows}


_SELECT = (
    "SELECT e.name, e.value, e.stack, s.account, s.region, s.name AS stack_name"
    " FROM stack_exports e JOIN stacks s ON s.id = e.stack"
)


async def list_importers(
    source: Source, account: str, region: str, name: str, *, after: str = "", limit: int
) -> list[str]:
    """The names of the stacks that import something, in their order."""
    rows = await read_rows(
        source,
        "SELECT s.name FROM stack_imports i JOIN stacks s ON s.id = i.stack"
        " WHERE i.account = %s AND i.region = %s AND i.name = %s AND s.name > %s"
        ' ORDER BY s.name COLLATE "C" LIMIT %s',
        (account, region, name, after, limit),
    )
    return [row.name for row in rows]


def _export(sealer: Sealer, row: Any) -> Export:
    value = sealer.unseal(bytes(row.value), _about(row.account, row.region, row.name)).decode()
    stack = StackName(row.account, row.region, row.stack_name, row.stack)
    return Export(row.name, value, stack)


# Steps of `flow`, in its transactions; the stack's row is locked.


async def lock_exports(connection: Connection, name: StackName, names: Collection[str]) -> None:
    """Until the transaction ends nobody else begins to export these names, or to import anything
    that the stack exports."""
    for one in sorted(names):
        about = f"stack export {name.account} {name.region} {one}"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (about,))
    sql = "SELECT 1 FROM stack_exports WHERE stack = %s ORDER BY name FOR UPDATE"
    await connection.execute(sql, (name.id,))


async def read_taken(
    connection: Connection, name: StackName, names: Collection[str]
) -> dict[str, str]:
    """Those of the names that other stacks export, and which."""
    rows = await read_rows(
        connection,
        "SELECT e.name, s.name AS stack FROM stack_exports e JOIN stacks s ON s.id = e.stack"
        " WHERE e.account = %s AND e.region = %s AND e.name = ANY (%s) AND e.stack <> %s",
        (name.account, name.region, list(names), name.id),
    )
    return {row.name: row.stack for row in rows}


async def read_used(connection: Connection, name: StackName) -> dict[str, tuple[str, ...]]:
    """What a stack exports that others import: the names of these."""
    rows = await read_rows(
        connection,
        "SELECT e.name, array_agg(s.name ORDER BY s.name) AS stacks FROM stack_exports e"
        " JOIN stack_imports i ON (i.account, i.region, i.name) = (e.account, e.region, e.name)"
        " JOIN stacks s ON s.id = i.stack WHERE e.stack = %s AND i.stack <> %s GROUP BY e.name",
        (name.id, name.id),
    )
    return {row.name: tuple(row.stacks) for row in rows}


async def save_exports(
    connection: Connection, sealer: Sealer, name: StackName, values: Mapping[str, str]
) -> None:
    """Makes these a stack's exports, whose names are locked and free."""
    account, region = name.account, name.region
    await connection.execute(
        "DELETE FROM stack_exports WHERE stack = %s AND NOT name = ANY (%s)",
        (name.id, list(values)),
    )
    for key in sorted(values):
        sealed = sealer.seal(values[key].encode(), _about(account, region, key))
        await connection.execute(
            "INSERT INTO stack_exports (account, region, name, stack, value)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (account, region, name)"
            " DO UPDATE SET value = excluded.value, stack = excluded.stack",
            (account, region, key, name.id, sealed),
        )


async def save_imports(
    connection: Connection, name: StackName, names: Collection[str], *, more: bool
) -> set[str]:
    """Makes these a stack's imports, or adds them where it may still go back to others (`more`).

    Returns which of them nobody exports (any more)."""
    if not more:
        await connection.execute(
            "DELETE FROM stack_imports WHERE stack = %s AND NOT name = ANY (%s)",
            (name.id, list(names)),
        )
    if not names:
        return set()
    await connection.execute(
        "INSERT INTO stack_imports (stack, account, region, name)"
        " SELECT %s, %s, %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
        (name.id, name.account, name.region, list(names)),
    )
    found = await read_rows(
        connection,
        "SELECT name FROM stack_exports WHERE account = %s AND region = %s AND name = ANY (%s)"
        " ORDER BY name FOR KEY SHARE",
        (name.account, name.region, list(names)),
    )
    return set(names) - {row.name for row in found}


def _about(account: str, region: str, name: str) -> str:
    return f"stack export:{account}:{region}:{name}"
