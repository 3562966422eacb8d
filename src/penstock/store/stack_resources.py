"""Resources of stacks as they are, as they were before an update, and those that are to go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from penstock.state.plain_records import record_of
from penstock.state.stacks import ResourceState, StackName
from penstock.store.database import Connection
from penstock.store.reading import Source, read_rows
from penstock.store.sealing import Sealer
from penstock.store.stack_documents import seal, unseal

RESOURCE, EARLIER, LEAVING = "RESOURCE", "EARLIER", "LEAVING"
PLACES = (RESOURCE, EARLIER, LEAVING)
Placed = Mapping[str, ResourceState | None]
"""Resources of one place, by their keys there."""


class Listed(NamedTuple):
    """A resource, and when its status changed last."""

    state: ResourceState
    updated: datetime


async def list_resources(source: Source, sealer: Sealer, stack: UUID) -> list[Listed]:
    """What a stack has, by logical id; what is being removed from it too, while it is."""
    rows = await read_rows(
        source,
        "SELECT * FROM stack_resources r WHERE stack = %s AND (place = 'RESOURCE'"
        "   OR place = 'LEAVING' AND NOT EXISTS (SELECT 1 FROM stack_resources o"
        "     WHERE o.stack = r.stack AND o.place = 'RESOURCE' AND o.key = r.logical_id))"
        " ORDER BY logical_id",
        (stack,),
    )
    found = (Listed(_read(sealer, row), row.updated) for row in rows)
    return [one for one in found if one.state]


async def find_resource(
    source: Source, sealer: Sealer, stack: UUID, logical_id: str
) -> Listed | None:
    sql = "SELECT * FROM stack_resources WHERE stack = %s AND place = 'RESOURCE' AND key = %s"
    rows = await read_rows(source, sql, (stack, logical_id))
    return Listed(_read(sealer, rows[0]), rows[0].updated) if rows else None


async def find_stack_of(
    source: Source, account: str, region: str, physical_id: str
) -> StackName | None:
    """The stack that has a resource of this physical id."""
    rows = await read_rows(
        source,
        "SELECT s.account, s.region, s.name, s.id FROM stack_resources r"
        " JOIN stacks s ON s.id = r.stack"
        " WHERE r.place = 'RESOURCE' AND r.physical_id = %s AND r.status <> 'DELETE_COMPLETE'"
        "   AND s.account = %s AND s.region = %s AND s.deleted IS NULL LIMIT 1",
        (physical_id, account, region),
    )
    return StackName(*rows[0]) if rows else None


# Steps of `flow`, in its transactions; the stack's row is locked.


async def read_places(source: Source, sealer: Sealer, stack: UUID) -> dict[str, Placed]:
    """All resources of all places."""
    rows = await read_rows(
        source, "SELECT * FROM stack_resources WHERE stack = %s ORDER BY key", (stack,)
    )
    places: dict[str, Placed] = {}
    for place in PLACES:
        places[place] = {row.key: _read(sealer, row) for row in rows if row.place == place}
    return places


async def save_place(
    connection: Connection,
    sealer: Sealer,
    stack: UUID,
    place: str,
    before: Placed,
    after: Placed,
    now: datetime,
) -> None:
    """Writes what has changed, and removes what is no more."""
    changed = [key for key, one in after.items() if key not in before or before[key] is not one]
    if changed:
        columns = zip(
            *(_columns(sealer, stack, place, key, after[key]) for key in changed), strict=True
        )
        await connection.execute(_SAVE, (stack, place, now, *map(list, columns)))
    gone = [key for key in before if key not in after]
    if gone:
        await connection.execute(
            "DELETE FROM stack_resources WHERE stack = %s AND place = %s AND key = ANY (%s)",
            (stack, place, gone),
        )


_SAVE = """
INSERT INTO stack_resources (stack, place, updated, key, logical_id, physical_id, type, status,
  reason, kind, sealed)
SELECT %s, %s, %s, u.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::text[], %s::text[], %s::bytea[]) u
ON CONFLICT (stack, place, key) DO UPDATE SET logical_id = excluded.logical_id,
  physical_id = excluded.physical_id, type = excluded.type, status = excluded.status,
  reason = excluded.reason, kind = excluded.kind, sealed = excluded.sealed,
  updated = excluded.updated
"""
_NONE = ResourceState("", "", "")  # type: ignore[arg-type]


def _columns(
    sealer: Sealer, stack: UUID, place: str, key: str, state: ResourceState | None
) -> tuple[Any, ...]:
    shown = state or _NONE
    return (
        key,
        shown.logical_id or key,
        shown.physical_id,
        shown.type,
        str(shown.status),
        shown.reason,
        str(shown.kind),
        seal(sealer, state, _about(stack, place, key)),
    )


def _read(sealer: Sealer, row: Any) -> Any:
    value = unseal(sealer, row.sealed, _about(row.stack, row.place, row.key))
    return record_of(ResourceState, value) if value else None


def _about(stack: UUID, place: str, key: str) -> str:
    return f"stack resource:{stack}:{place}:{key}"
