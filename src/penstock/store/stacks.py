"""CloudFormation's stacks and their plans: rows that `flow` writes, and everybody reads.

What belongs to a stack has files of its own: `stack_resources`, `stack_events`, `stack_tasks`,
`exports`. All that may hold a secret is sealed, so readers are given the sealer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.state.calls import Principal
from penstock.state.plain_records import plain, record_of
from penstock.state.recorded_stacks import Plan, Waiter
from penstock.state.stack_operations import Operation, OutputValue
from penstock.state.stacks import NOTHING, Definition, StackName, StackStatus
from penstock.store.database import Connection, Database
from penstock.store.reading import Source, read_rows
from penstock.store.sealing import Sealer
from penstock.store.stack_documents import (
    read_definition,
    read_settings,
    seal,
    settings_of,
    unseal,
)


class Stack(NamedTuple):
    """A stack as it is shown.

    `plan` has everything of it but definition and templates (`read_plan` has these), that of an
    update while it is under way; it is None where there was none yet (REVIEW_IN_PROGRESS). `number`
    is for lists. `updated` is when an update or a delete began last.
    """

    name: StackName
    number: int
    status: StackStatus
    reason: str
    created: datetime
    updated: datetime | None
    deleted: datetime | None
    parent: str
    root: str
    protected: bool
    policy: str
    plan_id: int | None
    plan: Plan | None
    outputs: Mapping[str, OutputValue]
    operation: Operation | None
    token: str
    principal: Principal
    before: Plan | None = None
    """What an update that has not succeeded goes back to, as `plan`."""


async def find_stack(
    source: Source, sealer: Sealer, account: str, region: str, name: str
) -> Stack | None:
    """By its name, where it has not been deleted, or by its ARN, for 90 days longer (TG-109)."""
    by_id = id_of(name)
    if name.startswith("arn:") and by_id is None:
        return None
    where = "s.id = %s" if by_id else "s.name = %s AND s.deleted IS NULL"
    rows = await read_rows(
        source,
        _SELECT + " WHERE s.account = %s AND s.region = %s AND " + where,
        (account, region, by_id or name),
    )
    return _stack(sealer, rows[0]) if rows else None


async def get_stack(source: Source, sealer: Sealer, stack: UUID) -> Stack | None:
    rows = await read_rows(source, _SELECT + " WHERE s.id = %s", (stack,))
    return _stack(sealer, rows[0]) if rows else None


async def list_stacks(
    source: Source,
    sealer: Sealer,
    account: str,
    region: str,
    *,
    statuses: Collection[str] = (),
    deleted: bool = False,
    before: int | None = None,
    limit: int,
) -> list[Stack]:
    """The newest first, those of a smaller `number` than `before`; with the `deleted` ones, or
    without. Any status where none are given."""
    rows = await read_rows(
        source,
        _SELECT + " WHERE s.account = %s AND s.region = %s AND (%s OR s.deleted IS NULL)"
        " AND (%s::bigint IS NULL OR s.number < %s) AND (%s OR s.status = ANY (%s))"
        " ORDER BY s.number DESC LIMIT %s",
        (account, region, deleted, before, before, not statuses, list(statuses), limit),
    )
    return [_stack(sealer, row) for row in rows]


_SELECT = (
    "SELECT s.*, p.settings, b.settings AS settings_before FROM stacks s"
    " LEFT JOIN stack_plans p ON p.stack = s.id AND p.id = s.plan"
    " LEFT JOIN stack_plans b ON b.stack = s.id AND b.id = s.plan_before"
)


def id_of(arn: str) -> UUID | None:
    """The last part of a stack's ARN."""
    if not arn.startswith("arn:"):
        return None
    try:
        return UUID(arn.rpartition("/")[2])
    except ValueError:
        return None


def _stack(sealer: Sealer, row: Any) -> Stack:
    return Stack(
        StackName(row.account, row.region, row.name, row.id),
        row.number,
        StackStatus(row.status),
        row.reason,
        row.created,
        row.updated,
        row.deleted,
        row.parent,
        row.root,
        row.protected,
        row.policy,
        row.plan,
        _settings(sealer, row.plan, row.settings),
        outputs_of(sealer, row),
        record_of(Operation, row.operation) if row.operation else None,
        row.token,
        principal_of(row),
        _settings(sealer, row.plan_before, row.settings_before),
    )


def _settings(sealer: Sealer, plan: int | None, sealed: Any) -> Plan | None:
    if plan is None or not sealed:
        return None
    return read_settings(unseal(sealer, sealed, _about_plan(plan, "settings")))


def outputs_of(sealer: Sealer, row: Any) -> Mapping[str, OutputValue]:
    if row.outputs is None:
        return NOTHING
    found = unseal(sealer, row.outputs, _about_outputs(row.id))
    return {name: record_of(OutputValue, one) for name, one in found.items()}


def principal_of(row: Any) -> Principal:
    return Principal(**row.principal) if row.principal else Principal("", "", "")


# Plans


async def read_plan(source: Source, sealer: Sealer, plan: int) -> Plan:
    """All of it. Raises KeyError where there is no such plan, and SealError."""
    sql = "SELECT * FROM stack_plans WHERE id = %s"
    rows = await read_rows(source, sql, (plan,))
    if not rows:
        raise KeyError(plan)
    (row,) = rows
    settings = read_settings(unseal(sealer, row.settings, _about_plan(plan, "settings")))
    processed = row.processed and sealer.unseal(
        bytes(row.processed), _about_plan(plan, "processed")
    )
    return settings._replace(
        definition=_definition(sealer, row),
        template=sealer.unseal(bytes(row.template), _about_plan(plan, "template")).decode(),
        processed=processed.decode() if processed else "",
    )


async def find_plan(source: Source, sealer: Sealer, stack: UUID, plan: int) -> Plan | None:
    """All of a plan that a stack has, or had; None where it is kept no more."""
    sql = "SELECT id FROM stack_plans WHERE id = %s AND stack = %s"
    rows = await read_rows(source, sql, (plan, stack))
    return await read_plan(source, sealer, plan) if rows else None


class Outline(NamedTuple):
    """What a step of an operation depends on: `settings` is a plan without its templates."""

    definition: Definition
    settings: Plan


async def read_outline(source: Source, sealer: Sealer, plan: int) -> Outline:
    """Read once, as it is asked for at each step. Raises KeyError and SealError."""
    known = _OUTLINES.get((sealer, plan))
    if known is not None:
        return known
    rows = await read_rows(source, "SELECT * FROM stack_plans WHERE id = %s", (plan,))
    if not rows:
        raise KeyError(plan)
    settings = unseal(sealer, rows[0].settings, _about_plan(plan, "settings"))
    definition = _definition(sealer, rows[0])
    while len(_OUTLINES) >= OUTLINES:
        _OUTLINES.pop(next(iter(_OUTLINES)), None)
    found = Outline(definition, read_settings(settings)._replace(definition=definition))
    return _OUTLINES.setdefault((sealer, plan), found)


OUTLINES = 64  # kept
_OUTLINES: dict[tuple[Sealer, int], Outline] = {}


def _definition(sealer: Sealer, row: Any) -> Definition:
    return read_definition(unseal(sealer, row.definition, _about_plan(row.id, "definition")))


async def insert_plan(connection: Connection, sealer: Sealer, stack: UUID, plan: Plan) -> int:
    found = await connection.execute(
        "SELECT nextval(pg_get_serial_sequence('stack_plans', 'id')) AS id"
    )
    ((identity,),) = await found.fetchall()

    def sealed(column: str, text: str) -> bytes:
        return sealer.seal(text.encode(), _about_plan(identity, column))

    await connection.execute(
        "INSERT INTO stack_plans (id, stack, definition, template, processed, settings)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s)",
        (
            identity,
            stack,
            seal(sealer, plan.definition, _about_plan(identity, "definition")),
            sealed("template", plan.template),
            sealed("processed", plan.processed) if plan.processed else None,
            seal(sealer, settings_of(plan), _about_plan(identity, "settings")),
        ),
    )
    return int(identity)


async def forget_plans(
    connection: Connection, stack: UUID, plan: int | None, before: int | None
) -> None:
    """Removes the plans of a stack that it needs no more. The parent of one may have it go back to
    the plan before this one."""
    kept = [one for one in (plan, before) if one is not None]
    await connection.execute(
        "DELETE FROM stack_plans p WHERE stack = %(stack)s AND NOT id = ANY (%(kept)s) AND NOT ("
        " EXISTS (SELECT 1 FROM stacks s WHERE s.id = %(stack)s AND s.parent <> '')"
        " AND id = (SELECT max(o.id) FROM stack_plans o"
        "   WHERE o.stack = %(stack)s AND o.id < %(plan)s))",
        {"stack": stack, "kept": kept, "plan": plan},
    )


# Steps of `flow` and of the API, in their transactions.


async def insert_stack(
    connection: Connection,
    name: StackName,
    *,
    status: StackStatus,
    parent: str = "",
    root: str = "",
    now: datetime,
) -> bool:
    """False where there is a stack of this name that has not been deleted."""
    made = await connection.execute(
        "INSERT INTO stacks (id, account, region, name, parent, root, status, created)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (name.id, name.account, name.region, name.name, parent, root, status, now),
    )
    return made.rowcount == 1


async def lock_stack(connection: Connection, name: StackName) -> Any | None:
    """The row, which nobody else changes until the transaction ends; None without it."""
    return await lock_stack_by_id(connection, name.id)


async def lock_stack_by_id(connection: Connection, stack: UUID) -> Any | None:
    """As `lock_stack`."""
    return await _one(connection, "SELECT * FROM stacks WHERE id = %s FOR UPDATE", (stack,))


async def read_root(connection: Connection, stack: UUID) -> str:
    """The ARN of the stack that a stack is nested in at last, or ""."""
    row = await _one(connection, "SELECT root FROM stacks WHERE id = %s", (stack,))
    return str(row.root) if row else ""


async def lock_named_stack(connection: Connection, name: StackName) -> Any | None:
    """As `lock_stack`, by name, of one that has not been deleted."""
    return await _one(
        connection,
        "SELECT * FROM stacks WHERE (account, region, name) = (%s, %s, %s) AND deleted IS NULL"
        " FOR UPDATE",
        name[:3],
    )


async def lock_stack_of(connection: Connection, task: UUID) -> Any | None:
    """The row of the stack that a task is of, as by `lock_stack`."""
    return await _one(
        connection,
        "SELECT * FROM stacks WHERE id = (SELECT stack FROM stack_tasks WHERE id = %s) FOR UPDATE",
        (task,),
    )


def name_of(row: Any) -> StackName:
    return StackName(row.account, row.region, row.name, row.id)


async def save_begin(
    connection: Connection,
    stack: UUID,
    *,
    token: str,
    principal: Principal,
    waiter: Waiter,
    deadline: datetime | None,
    updated: datetime | None,
) -> None:
    """Of an operation: who asked for it, and who is told how it ends."""
    await connection.execute(
        "UPDATE stacks SET token = %s, principal = %s, waiting_task = %s, waiting_action = %s,"
        " deadline = %s, baked = NULL, updated = coalesce(%s, updated) WHERE id = %s",
        (
            token,
            Jsonb(plain(principal)),
            waiter.task,
            waiter.action,
            deadline,
            updated,
            stack,
        ),
    )


async def save_plans(
    connection: Connection, stack: UUID, plan: int | None, before: int | None
) -> None:
    await connection.execute(
        "UPDATE stacks SET plan = %s, plan_before = %s WHERE id = %s", (plan, before, stack)
    )
    await forget_plans(connection, stack, plan, before)


async def save_operation(
    connection: Connection, stack: UUID, status: StackStatus, operation: Operation | None
) -> None:
    await connection.execute(
        "UPDATE stacks SET status = %s, operation = %s WHERE id = %s",
        (status, Jsonb(plain(operation)) if operation else None, stack),
    )


async def save_reason(connection: Connection, stack: UUID, reason: str) -> None:
    await connection.execute("UPDATE stacks SET reason = %s WHERE id = %s", (reason, stack))


async def save_outputs(
    connection: Connection, sealer: Sealer, stack: UUID, outputs: Mapping[str, OutputValue]
) -> None:
    await connection.execute(
        "UPDATE stacks SET outputs = %s WHERE id = %s",
        (seal(sealer, outputs, _about_outputs(stack)), stack),
    )


async def save_waiter(connection: Connection, stack: UUID, waiter: Waiter) -> None:
    await connection.execute(
        "UPDATE stacks SET waiting_task = %s, waiting_action = %s WHERE id = %s",
        (waiter.task, waiter.action, stack),
    )


async def end_deadline(connection: Connection, stack: UUID) -> None:
    await connection.execute("UPDATE stacks SET deadline = NULL WHERE id = %s", (stack,))


async def save_baked(connection: Connection, stack: UUID, baked: datetime | None) -> None:
    await connection.execute("UPDATE stacks SET baked = %s WHERE id = %s", (baked, stack))


async def save_deleted(connection: Connection, stack: UUID, now: datetime) -> None:
    """The name is free again."""
    await connection.execute("UPDATE stacks SET deleted = %s WHERE id = %s", (now, stack))


async def set_protected(connection: Connection, stack: UUID, protected: bool) -> None:
    await connection.execute("UPDATE stacks SET protected = %s WHERE id = %s", (protected, stack))


async def set_policy(connection: Connection, stack: UUID, policy: str) -> None:
    await connection.execute("UPDATE stacks SET policy = %s WHERE id = %s", (policy, stack))


# For those who look after what nobody ends.


async def find_overdue(database: Database, now: datetime) -> Sequence[UUID]:
    """Stacks whose create takes too long."""
    rows = await database.fetch("SELECT id FROM stacks WHERE deadline < %s", (now,))
    return [row.id for row in rows]


async def forget_stacks(database: Database, before: datetime) -> int:
    """Removes what was deleted before a time; returns how many."""
    return await database.execute("DELETE FROM stacks WHERE deleted < %s", (before,))


async def _one(connection: Connection, sql: Any, parameters: Sequence[Any]) -> Any | None:
    return await (await connection.execute(sql, parameters)).fetchone()


def _about_plan(plan: int, column: str) -> str:
    return f"stack plan:{plan}:{column}"


def _about_outputs(stack: UUID) -> str:
    return f"stack outputs:{stack}"
