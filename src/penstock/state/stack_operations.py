"""What is under way in a stack, what may happen to it, and what is decided about that.

The values of `decide.stacks.engine`; what a stack and its resources are is in `stacks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from penstock.state.recorded_stacks import OnFailure
from penstock.state.stacks import (
    NOTHING,
    Definition,
    Kind,
    Made,
    NotMade,
    ResourceState,
    StackStatus,
    Task,
    TaskAction,
)

NO_RESOURCES = Definition({})


class OutputValue(NamedTuple):
    value: str
    description: str = ""
    export: str = ""


class OperationKind(StrEnum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Bake(StrEnum):
    """The time in which alarms may still roll back what has been made (TG-119)."""

    NONE = ""
    DUE = "DUE"
    GOING = "GOING"
    OVER = "OVER"


class Operation(NamedTuple):
    """What is being done to a stack, or was done last.

    `number` counts its tasks. `done` are the logical ids that the present status is through with,
    `failed` what failed in it, and at what. `problem` is why it fails where no resource is the
    reason. `why` is the first reason for its failure, "" while there is none. `retagged` are those
    that get other tags of the stack's.
    """

    id: UUID
    kind: OperationKind
    on_failure: OnFailure = OnFailure.ROLLBACK
    number: int = 0
    done: frozenset[str] = frozenset()
    failed: Mapping[str, TaskAction] = NOTHING
    problem: str = ""
    why: str = ""
    retain: frozenset[str] = frozenset()
    bake: Bake = Bake.NONE
    retagged: frozenset[str] = frozenset()


class Doing(NamedTuple):
    """A task under way. `leaving` is the key of what it deletes there, "" where it is about a
    resource. `initiated` ones wait for somebody. Nobody is told how `cancelled` ones end."""

    task: Task
    leaving: str = ""
    initiated: bool = False
    cancelled: bool = False


NO_TASKS: Mapping[UUID, Doing] = MappingProxyType({})


class Exports(NamedTuple):
    """What other stacks have to do with a stack's exports, by the exports' names: which stack has a
    name that this one wants, and which stacks import what this one has."""

    taken: Mapping[str, str] = NOTHING
    used: Mapping[str, tuple[str, ...]] = NOTHING


class State(NamedTuple):
    """Everything that a decision depends on; `status` is None before there is a stack.

    `definition` is what the stack is to be. `earlier` has the resources that an update has touched,
    as they were before, or None where there was none; `leaving` what there still is of resources
    that are no more, or are not to be, by `LOGICALID PHYSICALID`.
    """

    status: StackStatus | None = None
    arn: str = ""
    definition: Definition = NO_RESOURCES
    resources: Mapping[str, ResourceState] = NOTHING
    operation: Operation | None = None
    tasks: Mapping[UUID, Doing] = NO_TASKS
    earlier: Mapping[str, ResourceState | None] = NOTHING
    leaving: Mapping[str, ResourceState] = NOTHING
    outputs: Mapping[str, OutputValue] = NOTHING
    exports: Exports = Exports()


# What happens.


class Review(NamedTuple):
    """A change set has been made that is to create the stack (TG-105)."""


class Create(NamedTuple):
    """Where it `bakes`, the operation does not succeed before Baked."""

    id: UUID
    definition: Definition
    on_failure: OnFailure = OnFailure.ROLLBACK
    problem: str = ""
    bakes: bool = False


class Update(NamedTuple):
    """`on_failure` is DO_NOTHING where rollback is disabled. Those `retagged` are changed even if
    nothing else of them is."""

    id: UUID
    definition: Definition
    on_failure: OnFailure = OnFailure.ROLLBACK
    problem: str = ""
    bakes: bool = False
    retagged: frozenset[str] = frozenset()


class Delete(NamedTuple):
    id: UUID
    retain: frozenset[str] = frozenset()


class CancelUpdate(NamedTuple):
    pass


class ContinueRollback(NamedTuple):
    id: UUID
    skip: frozenset[str] = frozenset()


class RollBack(NamedTuple):
    id: UUID


class TimeOver(NamedTuple):
    """The create has taken longer than it may."""


class Alarmed(NamedTuple):
    """An alarm says that the create or update is to be rolled back (TG-119)."""

    reason: str


class Baked(NamedTuple):
    """No alarm has said so for as long as was asked for."""


class TaskInitiated(NamedTuple):
    """What the task makes is on its way."""

    task: UUID
    physical_id: str = ""
    kind: Kind = Kind.REAL


class TaskEnded(NamedTuple):
    task: UUID
    outcome: Made | NotMade


Event = (
    Review | Create | Update | Delete | CancelUpdate | ContinueRollback | RollBack | TimeOver
    | Alarmed | Baked | TaskInitiated | TaskEnded
)  # fmt: skip


# What is to be done about it.


class Told(NamedTuple):
    """An event of the stack; of the stack itself where `logical_id` is ""."""

    status: str
    reason: str = ""
    logical_id: str = ""
    physical_id: str = ""
    type: str = ""
    properties: Mapping[str, Any] | None = None


class Begun(NamedTuple):
    """Of a task, which is in the state's."""

    task: UUID


class Bakes(NamedTuple):
    """Everything has been made; the time begins that Baked is the end of."""


class Ended(NamedTuple):
    """The operation has. It has `failed` for a reason, or succeeded where that is ""."""

    kind: OperationKind
    failed: str = ""


Effect = Told | Begun | Bakes | Ended


class Decision(NamedTuple):
    state: State
    effects: tuple[Effect, ...]
