"""A state while it is being decided about: copied when it is begun, frozen when all is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid5

from penstock.decide.stacks.engine.moves import FAILED, FINAL, MOVES, Move
from penstock.state.stack_operations import (
    Bake,
    Bakes,
    Begun,
    Decision,
    Doing,
    Effect,
    Ended,
    Operation,
    State,
    Told,
)
from penstock.state.stacks import (
    ResourceState,
    ResourceStatus,
    StackStatus,
    Task,
    TaskAction,
    Wanted,
)

WITHOUT_WANTED = Wanted("")


class Draft:
    """What a decision makes of a state. Resources are changed by `put`, tasks begun by `begin`."""

    def __init__(self, state: State) -> None:
        self._before = state
        self.status = state.status
        self.definition = state.definition
        self.resources = dict(state.resources)
        self.tasks = dict(state.tasks)
        self.earlier = dict(state.earlier)
        self.leaving = dict(state.leaving)
        self.outputs = state.outputs
        self.exports = state.exports
        self.arn = state.arn
        self._operation = state.operation
        self._effects: list[Effect] = []

    @property
    def operation(self) -> Operation:
        if self._operation is None:
            raise ValueError(f"{self.arn}: nothing has been done to it")
        return self._operation

    @operation.setter
    def operation(self, operation: Operation) -> None:
        self._operation = operation

    def decision(self) -> Decision:
        """The same objects where nothing has changed."""
        before = self._before
        state = before._replace(
            status=self.status,
            definition=self.definition,
            resources=_same(before.resources, self.resources),
            operation=self._operation,
            tasks=_same(before.tasks, self.tasks),
            earlier=_same(before.earlier, self.earlier),
            leaving=_same(before.leaving, self.leaving),
            outputs=self.outputs,
        )
        return Decision(before if state == before else state, tuple(self._effects))

    # The stack

    def move(self, move: Move, reason: str = "") -> None:
        """To the status that the table of moves has; a final one ends the operation."""
        self.status = MOVES[self.status, move]
        self._effects.append(Told(self.status, reason))
        kept = frozenset[str]()
        if self.status == StackStatus.UPDATE_ROLLBACK_FAILED:
            kept = self.operation.done  # to go on from there
        if self.status in FINAL:
            failed = (reason or str(self.status)) if self.status in FAILED else ""
            self._effects.append(Ended(self.operation.kind, self.operation.why or failed))
        if self._operation:
            self.operation = self.operation._replace(done=kept, failed={}, problem="")

    def bake(self) -> None:
        self.operation = self.operation._replace(bake=Bake.GOING)
        self._effects.append(Bakes())

    def fail_by(self, reason: str) -> None:
        """The operation fails, and it is no resource that has failed."""
        self.operation = self.operation._replace(problem=self.operation.problem or reason)

    @property
    def failing(self) -> bool:
        return bool(self.operation.failed or self.operation.problem)

    def done(self, logical_id: str) -> None:
        operation = self.operation
        self.operation = operation._replace(done=operation.done | {logical_id})

    def failed(self, key: str, action: TaskAction) -> None:
        operation = self.operation
        self.operation = operation._replace(failed={**operation.failed, key: action})

    # Resources

    def before(self, name: str) -> ResourceState:
        """What a resource was before the update. Raises KeyError where there was none."""
        found = self.earlier[name]
        if found is None:
            raise KeyError(name)
        return found

    def put(
        self,
        resource: ResourceState,
        status: ResourceStatus,
        reason: str = "",
        *,
        leaving: str = "",
        told: bool = True,
        properties: Mapping[str, Any] | None = None,
    ) -> ResourceState:
        """A resource as it is from now on, and the event of that, which shows `properties`: none
        where it is leaving, as those may be of a plan that is no more."""
        resource = resource._replace(status=status, reason=reason)
        if leaving:
            self.leaving[leaving] = resource
        else:
            self.resources[resource.logical_id] = resource
        if told:
            self.tell(resource, properties, hidden=bool(leaving))
        return resource

    def tell(
        self,
        resource: ResourceState,
        properties: Mapping[str, Any] | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        shown = resource.properties if properties is None else properties
        self._effects.append(
            Told(
                resource.status,
                resource.reason,
                resource.logical_id,
                resource.physical_id,
                resource.type,
                None if hidden else shown,
            )
        )

    def leave(self, resource: ResourceState, policy: str) -> None:
        """It is to be deleted when the operation is over, or kept, as a policy says."""
        key = f"{resource.logical_id} {resource.physical_id}"
        self.leaving[key] = resource._replace(deletion_policy=policy)

    # Tasks

    def begin(
        self,
        action: TaskAction,
        resource: ResourceState,
        properties: Mapping[str, Any],
        *,
        leaving: str = "",
        previous: Mapping[str, Any] | None = None,
    ) -> None:
        operation = self.operation
        identity = uuid5(operation.id, str(operation.number))
        self.operation = operation._replace(number=operation.number + 1)
        wanted = self.definition.resources.get(resource.logical_id, WITHOUT_WANTED)
        task = Task(
            identity,
            action,
            resource.logical_id,
            resource.type,
            properties,
            previous or {},
            "" if action is TaskAction.CREATE else resource.physical_id,
            {} if action is TaskAction.CREATE else resource.attributes,
            wanted.creation_policy,
            wanted.update_policy,
            resource.metadata,
            self.status == StackStatus.UPDATE_ROLLBACK_IN_PROGRESS,
        )
        self.tasks[identity] = Doing(task, leaving)
        self._effects.append(Begun(identity))

    def under_way(self) -> set[str]:
        """Keys of what a task is about: a logical id, or what is in `leaving`."""
        return {doing.leaving or doing.task.logical_id for doing in self.tasks.values()}


def _same(before: Mapping[Any, Any], after: dict[Any, Any]) -> Mapping[Any, Any]:
    return before if before == after else after
