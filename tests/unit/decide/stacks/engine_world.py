"""A world in which stacks are made: what there is, by physical id, with its properties.

`Stack` asks the engine and keeps what it says; tasks are done when a test says so, and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from penstock.decide.stacks.engine import decide
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    Begun,
    Create,
    Decision,
    Delete,
    Doing,
    Effect,
    Ended,
    Event,
    State,
    TaskEnded,
    TaskInitiated,
    Told,
    Update,
)
from penstock.state.stacks import (
    Definition,
    Kind,
    Made,
    NotMade,
    StackStatus,
    Task,
    TaskAction,
    Wanted,
    WantedOutput,
)

SPACE = UUID("00000000-0000-4000-8000-000000000000")
ARN = f"arn:aws:cloudformation:us-east-1:000000000000:stack/app/{SPACE}"


def wanted(*depends_on: str, type: str = "Test::A::Thing", **members: Any) -> Wanted:
    """`Fixed` cannot change; what it depends on it refers to."""
    policies = {
        name: members.pop(name)
        for name in ("deletion_policy", "update_replace_policy", "metadata")
        if name in members
    }
    properties = {**members, "Refs": [{"Ref": one} for one in depends_on]}
    return Wanted(type, properties, tuple(sorted(depends_on)), frozenset({"Fixed"}), **policies)


def outputs(**values: Any) -> dict[str, WantedOutput]:
    return {name: WantedOutput(value) for name, value in values.items()}


class Stack:
    def __init__(self) -> None:
        self.state = State(arn=ARN)
        self.world: dict[str, Mapping[str, Any]] = {}
        self.told: list[tuple[str, str, str]] = []
        self.ends: list[Ended] = []
        self.decisions: list[tuple[State, Event, Decision]] = []
        self._ids = (uuid5(SPACE, str(number)) for number in count())
        self._names = count(1)

    @property
    def status(self) -> StackStatus | None:
        return self.state.status

    def happen(self, event: Event) -> tuple[Effect, ...]:
        decision = decide(self.state, event)
        self.decisions.append((self.state, event, decision))
        self.state = decision.state
        for effect in decision.effects:
            if isinstance(effect, Told):
                self.told.append((effect.logical_id, effect.status, effect.reason))
            elif isinstance(effect, Ended):
                self.ends.append(effect)
        return decision.effects

    def create(self, on_failure: OnFailure = OnFailure.ROLLBACK, /, **resources: Wanted) -> None:
        self.happen(Create(next(self._ids), Definition(resources), on_failure))

    def update(self, on_failure: OnFailure = OnFailure.ROLLBACK, /, **resources: Wanted) -> None:
        self.happen(Update(next(self._ids), Definition(resources), on_failure))

    def delete(self, *retain: str) -> None:
        self.happen(Delete(next(self._ids), frozenset(retain)))

    def id(self) -> UUID:
        return next(self._ids)

    def doing(self, logical_id: str) -> Doing:
        (found,) = (one for one in self.state.tasks.values() if one.task.logical_id == logical_id)
        return found

    def under_way(self) -> dict[str, str]:
        return {
            doing.task.logical_id: str(doing.task.action) for doing in self.state.tasks.values()
        }

    def new_id(self, logical_id: str) -> str:
        return f"{logical_id.lower()}-{next(self._names)}"

    # How tasks end

    def make(self, *logical_ids: str, kind: Kind = Kind.REAL) -> None:
        """Does their tasks, as they are to be done."""
        for logical_id in logical_ids:
            self.do(self.doing(logical_id).task, kind)

    def do(self, task: Task, kind: Kind = Kind.REAL, *, anew: bool = False) -> None:
        physical_id = task.physical_id
        if task.action is TaskAction.DELETE:
            self.world.pop(physical_id, None)
        else:
            if not physical_id or anew:
                physical_id = self.new_id(task.logical_id)
            self.world[physical_id] = task.properties
        made = Made(physical_id, {"Arn": f"arn:{physical_id}"}, kind)
        self.happen(TaskEnded(task.id, made))

    def fail(self, logical_id: str, reason: str = "no", *, half: bool = False) -> None:
        """Makes half of it, or nothing."""
        task, physical_id = self.doing(logical_id).task, ""
        if half:
            physical_id = self.new_id(logical_id)
            self.world[physical_id] = task.properties
        self.happen(TaskEnded(task.id, NotMade(reason, physical_id)))

    def initiate(self, logical_id: str) -> None:
        task, physical_id = self.doing(logical_id).task, ""
        if task.action is TaskAction.CREATE:
            physical_id = self.new_id(logical_id)
            self.world[physical_id] = task.properties
        self.happen(TaskInitiated(task.id, physical_id))

    def finish(self) -> None:
        """Does all that is under way, and all that comes of it."""
        while self.state.tasks:
            self.do(next(iter(self.state.tasks.values())).task)

    def statuses(self) -> dict[str, str]:
        return {name: str(one.status) for name, one in self.state.resources.items()}

    def said(self) -> set[str]:
        """What there is, as the state says."""
        state = self.state
        found = {one.physical_id for one in state.leaving.values()}
        found |= {one.physical_id for one in state.earlier.values() if one}
        found |= {
            one.physical_id
            for one in state.resources.values()
            if one.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        }
        return found - {""}


def begun(effects: tuple[Effect, ...]) -> list[UUID]:
    return [effect.task for effect in effects if isinstance(effect, Begun)]


def made(**resources: Any) -> Stack:
    """A stack that has been created."""
    stack = Stack()
    stack.create(**resources)
    stack.finish()
    stack.told.clear()
    stack.ends.clear()
    return stack
