"""What an update begins with: a stack that may be updated, a template, a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.changes import is_same, refuse_other_types
from penstock.decide.stacks.engine.differences import NESTED
from penstock.decide.stacks.engine.moves import MOVES, Move
from penstock.services.cloudformation.errors import invalid, no_updates
from penstock.services.cloudformation.template_sources import needed_template
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import StackStatus
from penstock.store import Store
from penstock.store.stacks import Stack


def check_updatable(stack: Stack) -> None:
    """TG-109. Raises ValidationError."""
    if (stack.status, Move.UPDATE) not in MOVES:
        raise invalid(f"Stack:{stack.name.arn} is in {stack.status} state and can not be updated.")


async def updated_template(
    store: Store, call: Call, request: Mapping[str, Any], previous: Plan | None
) -> bytes:
    """The request's, or the one that the stack has, before its transforms. Raises AwsError."""
    if not request.get("UsePreviousTemplate"):
        return await needed_template(store, call, request)
    if request.get("TemplateBody") is not None or request.get("TemplateURL") is not None:
        raise invalid("UsePreviousTemplate cannot be given together with a template.")
    if previous is None:
        raise invalid("UsePreviousTemplate needs a stack that has a template.")
    return previous.template.encode()


def changes_nothing(stack: Stack, previous: Plan | None, plan: Plan) -> bool:
    """TG-108: nested stacks are gone through, as their templates may be others."""
    nested = any(one.type == NESTED for one in plan.definition.resources.values())
    return not nested and is_unchanged(stack, previous, plan)


def is_unchanged(stack: Stack, previous: Plan | None, plan: Plan) -> bool:
    """What has failed may be tried again as it is."""
    return (
        previous is not None
        and stack.status not in (StackStatus.CREATE_FAILED, StackStatus.UPDATE_FAILED)
        and not plan.problem
        and is_same(previous.definition, plan.definition)
        and _settings(previous) == _settings(plan)
    )


def _settings(plan: Plan) -> tuple[Any, ...]:
    return dict(plan.tags), plan.notification_arns, plan.role_arn, dict(plan.rollback)


def check_change(stack: Stack, previous: Plan | None, plan: Plan) -> None:
    """Raises ValidationError where there is no change, or one that is not permitted."""
    if changes_nothing(stack, previous, plan):
        raise no_updates()
    if previous is not None:
        refuse_other_types(previous.definition, plan.definition)
