"""What a stack is: its resources, what is under way, and what may happen (TG-105…121).

Everything here is plain and frozen, so that a decision is a function of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

NOTHING: Mapping[str, Any] = MappingProxyType({})


class StackStatus(StrEnum):
    """CloudFormation's own words (TG-105)."""

    REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"
    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_COMPLETE = "ROLLBACK_COMPLETE"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    UPDATE_ROLLBACK_IN_PROGRESS = "UPDATE_ROLLBACK_IN_PROGRESS"
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    UPDATE_ROLLBACK_COMPLETE = "UPDATE_ROLLBACK_COMPLETE"
    UPDATE_ROLLBACK_FAILED = "UPDATE_ROLLBACK_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    DELETE_FAILED = "DELETE_FAILED"


class ResourceStatus(StrEnum):
    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    DELETE_FAILED = "DELETE_FAILED"
    DELETE_SKIPPED = "DELETE_SKIPPED"


class Kind(StrEnum):
    """What stands behind a resource; all but REAL is named in the stack's events."""

    REAL = "real"
    SANDBOX = "sandbox"
    RECORDED = "recorded"


class Wanted(NamedTuple):
    """One resource of a template: all is evaluated that depends on no other resource.

    What is left in `properties` are Ref and Fn::GetAtt of other resources, and the functions around
    these. `depends_on` is everything it depends on, sorted: what it says, and what it refers to.
    `replaced_by` are the properties whose change makes a new resource ("BucketName", or
    "Code/S3Bucket" inside another); policies have their defaults, Delete.
    """

    type: str
    properties: Mapping[str, Any] = NOTHING
    depends_on: tuple[str, ...] = ()
    replaced_by: frozenset[str] = frozenset()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    creation_policy: Mapping[str, Any] = NOTHING
    update_policy: Mapping[str, Any] = NOTHING
    metadata: Mapping[str, Any] = NOTHING


class WantedOutput(NamedTuple):
    """`export` is the export's name, evaluated, or ""."""

    value: Any
    description: str = ""
    export: str = ""


class Definition(NamedTuple):
    """What a stack is to be. `imports` are the names of exports that were looked up for it."""

    resources: Mapping[str, Wanted]
    outputs: Mapping[str, WantedOutput] = NOTHING
    imports: tuple[str, ...] = ()


class ResourceState(NamedTuple):
    """A resource as it is. `properties` are those it has, resolved but for dynamic references.

    `physical_id` is "" before it is known. `attributes` are what Fn::GetAtt gives, by name
    ("Arn", "Endpoint.Address").
    """

    logical_id: str
    type: str
    status: ResourceStatus
    reason: str = ""
    physical_id: str = ""
    properties: Mapping[str, Any] = NOTHING
    attributes: Mapping[str, Any] = NOTHING
    depends_on: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    metadata: Mapping[str, Any] = NOTHING
    kind: Kind = Kind.REAL


class TaskAction(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Task(NamedTuple):
    """One thing to be done to one resource, by a handler of its type (`resources`).

    Those `restoring` bring it back to what it was before the update.

    `properties` are those it is to have, or has where it is to be deleted; `previous` those that an
    update changes. Dynamic references are still in them: whoever performs the task resolves these.
    """

    id: UUID
    action: TaskAction
    logical_id: str
    type: str
    properties: Mapping[str, Any] = NOTHING
    previous: Mapping[str, Any] = NOTHING
    physical_id: str = ""
    attributes: Mapping[str, Any] = NOTHING
    creation_policy: Mapping[str, Any] = NOTHING
    update_policy: Mapping[str, Any] = NOTHING
    metadata: Mapping[str, Any] = NOTHING
    restoring: bool = False


class Made(NamedTuple):
    """A task has been done. Where an update made another resource, the physical id is another, and
    the one before is deleted when the stack cleans up."""

    physical_id: str = ""
    attributes: Mapping[str, Any] = NOTHING
    kind: Kind = Kind.REAL


class NotMade(NamedTuple):
    """A task has failed. `physical_id` is what there is of it nevertheless, to be deleted. An
    update that was refused before anything was done has left the resource `untouched`."""

    reason: str
    physical_id: str = ""
    kind: Kind = Kind.REAL
    untouched: bool = False


class StackName(NamedTuple):
    """`id` is the last part of the stack's ARN; names are used again when a stack is deleted."""

    account: str
    region: str
    name: str
    id: UUID

    @property
    def arn(self) -> str:
        place = f"arn:aws:cloudformation:{self.region}:{self.account}"
        return f"{place}:stack/{self.name}/{self.id}"
