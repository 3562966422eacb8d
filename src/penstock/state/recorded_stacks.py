"""What a caller of the API asks of a stack, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from penstock.state.stacks import NOTHING, Definition


class OnFailure(StrEnum):
    """What is done when a create fails (TG-119); updates are rolled back, or stay (DO_NOTHING)."""

    ROLLBACK = "ROLLBACK"
    DELETE = "DELETE"
    DO_NOTHING = "DO_NOTHING"


class ParameterValue(NamedTuple):
    """`given` is what was given, or the default. `resolved` is what Parameter Store had under that
    name, for parameters of its types; `no_echo` values are shown as `****` (TG-112)."""

    given: str
    resolved: str | None = None
    no_echo: bool = False


class Plan(NamedTuple):
    """All that a create or an update makes of a stack.

    `template` is the text as it was given, `processed` what transforms made of it, as JSON, or "".
    `problem` is why it cannot be ("No export named X found."): the operation begins and fails with
    that. `timeout` is in minutes, 0 for none; `rollback` is the API's RollbackConfiguration.
    """

    definition: Definition
    template: str
    processed: str = ""
    parameters: Mapping[str, ParameterValue] = NOTHING
    tags: Mapping[str, str] = NOTHING
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    description: str = ""
    role_arn: str = ""
    on_failure: OnFailure = OnFailure.ROLLBACK
    timeout: int = 0
    rollback: Mapping[str, Any] = NOTHING
    problem: str = ""


class Waiter(NamedTuple):
    """Who is told when the operation has ended: a task of the parent stack, or an action of a
    pipeline."""

    task: UUID | None = None
    action: UUID | None = None
