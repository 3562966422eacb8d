"""Rules of event buses, and their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.store.database import Connection, Database
from penstock.store.events import DEFAULT_BUS

DISABLED = "DISABLED"


class RuleName(NamedTuple):
    account: str
    region: str
    bus: str
    name: str

    @property
    def arn(self) -> str:
        bus = "" if self.bus == DEFAULT_BUS else f"{self.bus}/"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{bus}{self.name}"


def read_rule_arn(arn: str) -> RuleName:
    _, _, _, region, account, rest = arn.split(":", 5)
    bus, _, name = rest.removeprefix("rule/").rpartition("/")
    return RuleName(account, region, bus or DEFAULT_BUS, name)


class Rule(NamedTuple):
    """What PutRule says of a rule; "" is what it leaves out."""

    pattern: str
    schedule: str
    state: str
    description: str
    role: str


def name_of(row: Any) -> RuleName:
    return RuleName(row.account, row.region, row.bus, row.name)


async def put(
    connection: Connection,
    name: RuleName,
    rule: Rule,
    *,
    due: datetime | None,
    tags: Mapping[str, str],
    now: datetime,
) -> None:
    """Makes a rule, or replaces all of it but its tags and targets."""
    await connection.execute(
        "INSERT INTO event_rules (account, region, bus, name, pattern, schedule, state,"
        "   description, role, tags, created, since, due)"
        " VALUES (%s, %s, %s, %s, nullif(%s, ''), nullif(%s, ''), %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (account, region, bus, name) DO UPDATE SET pattern = excluded.pattern,"
        "   schedule = excluded.schedule, state = excluded.state,"
        "   description = excluded.description, role = excluded.role, since = excluded.since,"
        "   due = excluded.due",
        (*name, *rule, Jsonb(dict(tags)), now, now, due),
    )


async def count(connection: Connection, account: str, region: str, bus: str) -> int:
    found = await connection.execute(
        "SELECT count(*) AS rules FROM event_rules WHERE account = %s AND region = %s AND bus = %s",
        (account, region, bus),
    )
    row: Any = await found.fetchone()
    return int(row.rules)


async def find(database: Database, name: RuleName) -> Any | None:
    return await database.fetch_one(
        "SELECT * FROM event_rules WHERE (account, region, bus, name) = (%s, %s, %s, %s)", name
    )


async def lock(connection: Connection, name: RuleName) -> Any | None:
    found = await connection.execute(
        "SELECT * FROM event_rules WHERE (account, region, bus, name) = (%s, %s, %s, %s)"
        " FOR UPDATE",
        name,
    )
    return await found.fetchone()


async def set_state(
    connection: Connection, rule: int, state: str, due: datetime | None, since: datetime
) -> None:
    await connection.execute(
        "UPDATE event_rules SET state = %s, due = %s, since = %s WHERE id = %s",
        (state, due, since, rule),
    )


async def set_due(connection: Connection, rule: int, due: datetime | None) -> None:
    await connection.execute("UPDATE event_rules SET due = %s WHERE id = %s", (due, rule))


async def set_tags(connection: Connection, rule: int, tags: Mapping[str, str]) -> None:
    await connection.execute(
        "UPDATE event_rules SET tags = %s WHERE id = %s", (Jsonb(dict(tags)), rule)
    )


async def delete(connection: Connection, rule: int) -> None:
    await connection.execute("DELETE FROM event_rules WHERE id = %s", (rule,))


async def list_rules(
    database: Database,
    account: str,
    region: str,
    bus: str,
    *,
    prefix: str = "",
    target: str | None = None,
    after: str,
    limit: int,
) -> list[Any]:
    """In the order of names; with a `target` only those that have a target of that ARN."""
    return await database.fetch(
        "SELECT * FROM event_rules r WHERE account = %s AND region = %s AND bus = %s AND name > %s"
        "   AND starts_with(name, %s) AND (%s::text IS NULL OR EXISTS ("
        "     SELECT 1 FROM event_targets t WHERE t.rule = r.id AND t.arn = %s))"
        " ORDER BY name LIMIT %s",
        (account, region, bus, after, prefix, target, target, limit),
    )


async def enabled(connection: Connection, account: str, region: str, bus: str) -> list[Any]:
    """Rules of a bus with patterns, and their `targets` in the order of their ids."""
    found = await connection.execute(
        "SELECT r.*, coalesce((SELECT jsonb_agg(t.document ORDER BY t.id) FROM event_targets t"
        "   WHERE t.rule = r.id), '[]') AS targets"
        " FROM event_rules r WHERE account = %s AND region = %s AND bus = %s"
        "   AND pattern IS NOT NULL AND state <> 'DISABLED' ORDER BY id",
        (account, region, bus),
    )
    return await found.fetchall()


async def lock_due(connection: Connection, now: datetime) -> Any | None:
    """A rule whose schedule is due, with its `targets`; locked, so that it is due here only."""
    found = await connection.execute(
        "SELECT r.*, coalesce((SELECT jsonb_agg(t.document ORDER BY t.id) FROM event_targets t"
        "   WHERE t.rule = r.id), '[]') AS targets"
        " FROM event_rules r WHERE due <= %s ORDER BY due LIMIT 1 FOR UPDATE OF r SKIP LOCKED",
        (now,),
    )
    return await found.fetchone()


async def put_targets(
    connection: Connection, rule: int, targets: Sequence[Mapping[str, Any]], most: int
) -> bool:
    """Adds targets, or replaces those of the same ids; False where there are more than `most` then.

    The rule's row is locked.
    """
    for target in targets:
        await connection.execute(
            "INSERT INTO event_targets (rule, id, arn, document) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (rule, id) DO UPDATE"
            "   SET arn = excluded.arn, document = excluded.document",
            (rule, target["Id"], target["Arn"], Jsonb(dict(target))),
        )
    return await count_targets(connection, rule) <= most


async def count_targets(connection: Connection, rule: int) -> int:
    found = await connection.execute(
        "SELECT count(*) AS targets FROM event_targets WHERE rule = %s", (rule,)
    )
    row: Any = await found.fetchone()
    return int(row.targets)


async def remove_targets(connection: Connection, rule: int, ids: Sequence[str]) -> None:
    await connection.execute(
        "DELETE FROM event_targets WHERE rule = %s AND id = ANY (%s)", (rule, list(ids))
    )


async def list_targets(database: Database, rule: int, *, after: str, limit: int) -> list[Any]:
    return await database.fetch(
        "SELECT * FROM event_targets WHERE rule = %s AND id > %s ORDER BY id LIMIT %s",
        (rule, after, limit),
    )
