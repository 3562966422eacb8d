"""Change sets in the API's shapes, and what has become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.decide.stacks.changes import Change
from penstock.decide.stacks.engine.moves import FAILED as FAILED_STACKS
from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.decide.stacks.parameters import SHOWN_INSTEAD
from penstock.services.cloudformation.change_set_plans import Kept
from penstock.services.cloudformation.stack_views import given, plan_view
from penstock.services.service import Answer
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import StackStatus
from penstock.store.change_sets import ChangeSet
from penstock.store.stacks import Stack

CREATE, UPDATE = "CREATE", "UPDATE"
COMPLETE, FAILED = "CREATE_COMPLETE", "FAILED"
AVAILABLE = "AVAILABLE"
_OF_VALUES = ("Path", "BeforeValue", "AfterValue", "AttributeChangeType")


def execution_status(made: ChangeSet, stack: Stack) -> str:
    """TG-110: it can be executed as long as its stack is as it was."""
    if made.executed is not None:
        return _executed_status(stack.status)
    if made.status == FAILED:
        return "UNAVAILABLE"
    new = stack.status == StackStatus.REVIEW_IN_PROGRESS
    same = new if made.type == CREATE else made.base == stack.updated and not new
    return AVAILABLE if same else "OBSOLETE"


def _executed_status(status: StackStatus) -> str:
    if status in UNDER_WAY:
        return "EXECUTE_IN_PROGRESS"
    return "EXECUTE_FAILED" if status in FAILED_STACKS else "EXECUTE_COMPLETE"


def change_set_summary(made: ChangeSet, stack: Stack, kept: Kept) -> Answer:
    """As ListChangeSets has it."""
    return given(
        StackId=stack.name.arn,
        StackName=stack.name.name,
        ChangeSetId=made.arn,
        ChangeSetName=made.name,
        ExecutionStatus=execution_status(made, stack),
        Status=made.status,
        StatusReason=made.reason,
        CreationTime=made.created,
        Description=kept.description,
        IncludeNestedStacks=kept.with_nested,
        ParentChangeSetId=kept.parent,
        RootChangeSetId=kept.root,
        ImportExistingResources=False,
    )


def change_set_view(made: ChangeSet, stack: Stack, kept: Kept) -> Answer:
    """As DescribeChangeSet has it, but for its changes."""
    about = plan_view(kept.plan) if kept.plan else {"NotificationARNs": [], "Tags": []}
    failure = {"OnStackFailure": kept.on_stack_failure} if kept.on_stack_failure else {}
    return change_set_summary(made, stack, kept) | about | failure


def change_view(change: Change, hidden: Sequence[str]) -> Answer:
    """A ResourceChange; what is `hidden` is not shown in the values of its details."""
    return given(
        Action=change.action,
        LogicalResourceId=change.logical_id,
        PhysicalResourceId=change.physical_id,
        ResourceType=change.type,
        Replacement=change.replacement,
        Scope=list(change.scope),
        Details=[_detail(detail, hidden) for detail in change.details],
        PolicyAction=change.policy_action,
    )


def _detail(detail: Mapping[str, Any], hidden: Sequence[str]) -> Answer:
    target = dict(detail["Target"])
    for member in ("BeforeValue", "AfterValue"):
        for secret in hidden if member in target else ():
            target[member] = target[member].replace(secret, SHOWN_INSTEAD)
    return {**detail, "Target": target}


def hidden_values(*plans: Plan | None) -> list[str]:
    """Of parameters with NoEcho (TG-112)."""
    found = (one for plan in plans if plan for one in plan.parameters.values() if one.no_echo)
    return [text for one in found for text in (one.given, one.resolved) if text]


def without_values(change: Mapping[str, Any]) -> Answer:
    """A ResourceChange for callers that have not asked for values."""
    details = [
        {**detail, "Target": _without(detail["Target"], _OF_VALUES)} for detail in change["Details"]
    ]
    return {**change, "Details": details}


def _without(target: Mapping[str, Any], names: Sequence[str]) -> Answer:
    return {name: value for name, value in target.items() if name not in names}
