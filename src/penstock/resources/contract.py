"""What a handler of a type of resources is told, and what it answers.

Tasks are done again from the beginning after a worker was killed, and `again` says so: a create
whose resource is there then has been done. Nobody sleeps: what has to wait for something else
answers Waiting, and that which it waits for calls `flow.stacks.finish_task`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from penstock.state.calls import Principal
from penstock.state.stacks import NOTHING, Kind, Made, NotMade, StackName, Task, TaskAction
from penstock.store import Store

__all__ = [
    "Answer", "Cloud", "Handler", "Job", "Kind", "Made", "NotMade", "Outcome", "StackName", "Task",
    "TaskAction", "Waiting",
]  # fmt: skip

Answer = dict[str, Any]


class Waiting(NamedTuple):
    """The resource is on its way; it fails at `until` if nobody has said by then how it ended."""

    until: datetime
    physical_id: str = ""
    kind: Kind = Kind.REAL


Outcome = Made | NotMade | Waiting
"""An AwsError that a handler raises is a failure too, told as CloudFormation tells it."""


class Cloud(Protocol):
    """The services, asked in the name of whoever made the stack, in its account and Region.

    Real services are called in this process, others through the server's own endpoint.
    """

    async def ask(self, service: str, operation: str, **request: Any) -> Answer:
        """The answer of an operation, by its name in botocore ("CreateBucket"). Raises AwsError."""


class Job(NamedTuple):
    """A task with all around it. `properties` and `previous` have no dynamic references any more.

    `tags` are the stack's, and those that CloudFormation adds; `previous_tags` are the stack's that
    an update changes, as `previous` are the properties. `again` is whether it may have been
    done before, as a worker that began it has not said how it ended. `endpoint` is this server's,
    as builds reach it.
    """

    task: Task
    stack: StackName
    properties: Mapping[str, Any]
    previous: Mapping[str, Any]
    tags: Mapping[str, str]
    principal: Principal
    cloud: Cloud
    store: Store
    now: datetime
    endpoint: str = ""
    again: bool = False
    previous_tags: Mapping[str, str] = NOTHING

    @property
    def physical_id(self) -> str:
        return self.task.physical_id

    def name(self, longest: int = 63, *, lower: bool = False, between: str = "-") -> str:
        """A name as CloudFormation makes them, `STACK-LOGICALID-1A2B3C4D5E6F`: the same for a task
        however often it is done, another for every task."""
        unique = sha256(self.task.id.bytes).hexdigest()[:12].upper()
        room = longest - len(unique) - 2 * len(between)
        logical = self.task.logical_id[: max(room // 2, room - len(self.stack.name))]
        stack = self.stack.name[: room - len(logical)]
        made = between.join((stack, logical, unique))
        return made.lower() if lower else made


class Handler(Protocol):
    """Performs what is to be done to resources of one type."""

    async def create(self, job: Job) -> Outcome: ...

    async def update(self, job: Job) -> Outcome:
        """Only properties have changed whose change needs no replacement."""

    async def delete(self, job: Job) -> Outcome:
        """What is gone already is no error."""
