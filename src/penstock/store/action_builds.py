"""Which build belongs to which action of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.pipelines import Artifact
from penstock.store.database import Connection


class ActionBuild(NamedTuple):
    """An action that waits for a build, or for a batch. `outputs` are where artifacts are to be."""

    action: UUID
    build: UUID | None
    batch: UUID | None
    outputs: Mapping[str, Artifact]


async def reserve_build(
    connection: Connection, action: UUID, outputs: Mapping[str, Artifact]
) -> ActionBuild | None:
    """None where the action has no build yet: then it is this transaction's to start one.

    Another transaction that would start one waits here until this one has ended.
    """
    made = await connection.execute(
        "INSERT INTO action_builds (action, outputs) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (action, Jsonb({name: list(place) for name, place in outputs.items()})),
    )
    return None if made.rowcount else await _find(connection, "action", action)


async def keep_build(
    connection: Connection, action: UUID, *, build: UUID | None = None, batch: UUID | None = None
) -> None:
    await connection.execute(
        "UPDATE action_builds SET build = %s, batch = %s WHERE action = %s", (build, batch, action)
    )


async def find_of_build(connection: Connection, build: UUID) -> ActionBuild | None:
    return await _find(connection, "build", build)


async def find_of_batch(connection: Connection, batch: UUID) -> ActionBuild | None:
    return await _find(connection, "batch", batch)


_FIND = {
    "action": "SELECT * FROM action_builds WHERE action = %s",
    "build": "SELECT * FROM action_builds WHERE build = %s",
    "batch": "SELECT * FROM action_builds WHERE batch = %s",
}


async def _find(connection: Connection, by: str, id_: UUID) -> ActionBuild | None:
    row = await (await connection.execute(_FIND[by], (id_,))).fetchone()
    if row is None:
        return None
    outputs = {name: Artifact(*place) for name, place in row.outputs.items()}
    return ActionBuild(row.action, row.build, row.batch, outputs)
