"""Every sealed column there is, and sealing them all anew under another master key."""

from __future__ import annotations

from typing import LiteralString, NamedTuple

from penstock.store.database import Database
from penstock.store.sealing import KEY_ID, Sealer

AT_ONCE = 500  # rows


class Sealed(NamedTuple):
    """A column of sealed values; `about` is what a row's is bound to, as SQL over the row."""

    table: LiteralString
    column: LiteralString
    about: LiteralString


SEALED = (
    Sealed("access_keys", "secret", "'access key ' || access_key_id"),
    Sealed("change_sets", "sealed", "'change set ' || id"),
    Sealed("parameter_versions", "sealed", "concat_ws(':', 'ssm', account, region, name, version)"),
    Sealed("secret_versions", "sealed", "concat_ws(':', 'secretsmanager', secret, version_id)"),
    Sealed("pipeline_versions", "sealed", "concat_ws(':', 'pipeline', pipeline, version)"),
    Sealed("pipeline_webhooks", "secret", "'pipeline webhook ' || id"),
    Sealed("source_credentials", "token", "arn"),
    Sealed("stack_events", "properties", "'stack event:' || id"),
    Sealed("stack_exports", "value", "concat_ws(':', 'stack export', account, region, name)"),
    Sealed("stack_plans", "definition", "concat_ws(':', 'stack plan', id, 'definition')"),
    Sealed("stack_plans", "processed", "concat_ws(':', 'stack plan', id, 'processed')"),
    Sealed("stack_plans", "settings", "concat_ws(':', 'stack plan', id, 'settings')"),
    Sealed("stack_plans", "template", "concat_ws(':', 'stack plan', id, 'template')"),
    Sealed("stack_resources", "sealed", "concat_ws(':', 'stack resource', stack, place, key)"),
    Sealed("stack_tasks", "sealed", "'stack task:' || id"),
    Sealed("stacks", "outputs", "'stack outputs:' || id"),
    Sealed("webhooks", "secret", "'webhook ' || id"),
)


async def reseal(database: Database, sealer: Sealer) -> int:
    """Seals anew what is not sealed under the sealer's current key; returns how many values.

    Safe to be killed and run again: each batch commits by itself. Raises SealError where a value
    does not open, which leaves it as it is.
    """
    count = 0
    for sealed in SEALED:
        while done := await _batch(database, sealer, sealed):
            count += done
    return count


async def _batch(database: Database, sealer: Sealer, sealed: Sealed) -> int:
    table, column, about = sealed
    stale = (
        f"SELECT ctid, {column} AS value, {about} AS about FROM {table}"  # noqa: S608
        f" WHERE substring({column}, 1, {KEY_ID}) <> %s LIMIT {AT_ONCE} FOR UPDATE"
    )
    change = f"UPDATE {table} SET {column} = %s WHERE ctid = %s"  # noqa: S608
    async with database.transaction() as connection:
        rows = await (await connection.execute(stale, (sealer.current,))).fetchall()
        for row in rows:
            fresh = sealer.seal(sealer.unseal(row.value, row.about), row.about)
            await connection.execute(change, (fresh, row.ctid))
    return len(rows)
