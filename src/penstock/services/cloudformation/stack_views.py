"""Stacks, their resources and their events in the API's shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.parameters import SHOWN_INSTEAD
from penstock.services.service import Answer
from penstock.state.recorded_stacks import OnFailure, ParameterValue, Plan
from penstock.state.stacks import StackName
from penstock.store.stack_events import StackEvent
from penstock.store.stack_resources import Listed
from penstock.store.stacks import Stack

STACK = "AWS::CloudFormation::Stack"
_NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}
_RESOURCE_NOT_CHECKED = {"StackResourceDriftStatus": "NOT_CHECKED"}


def given(**members: Any) -> Answer:
    """Without those that say nothing."""
    return {name: value for name, value in members.items() if value not in (None, "")}


def stack_view(stack: Stack, change_set: str = "") -> Answer:
    """As DescribeStacks has it; `change_set` is the ARN of the one executed last."""
    plan = stack.plan
    about = plan_view(plan) if plan else {"NotificationARNs": [], "Tags": []}
    outputs = [
        given(
            OutputKey=name,
            OutputValue=one.value,
            Description=one.description,
            ExportName=one.export,
        )
        for name, one in stack.outputs.items()
    ]
    return given(
        StackId=stack.name.arn,
        StackName=stack.name.name,
        ChangeSetId=change_set,
        Description=plan.description if plan else "",
        CreationTime=stack.created,
        DeletionTime=stack.deleted,
        LastUpdatedTime=stack.updated,
        StackStatus=str(stack.status),
        StackStatusReason=stack.reason,
        DisableRollback=plan is not None and plan.on_failure is OnFailure.DO_NOTHING,
        TimeoutInMinutes=plan.timeout if plan and plan.timeout else None,
        Outputs=outputs or None,
        EnableTerminationProtection=stack.protected,
        ParentId=stack.parent,
        RootId=stack.root if stack.parent else "",
        DriftInformation=_NOT_CHECKED,
        **about,
    )


def plan_view(plan: Plan) -> Answer:
    """What stacks and change sets tell alike of their plans."""
    return given(
        Parameters=parameter_views(plan.parameters) or None,
        NotificationARNs=list(plan.notification_arns),
        Capabilities=list(plan.capabilities) or None,
        RoleARN=plan.role_arn,
        Tags=[{"Key": key, "Value": value} for key, value in plan.tags.items()],
        RollbackConfiguration=dict(plan.rollback),
    )


def parameter_views(parameters: Mapping[str, ParameterValue]) -> list[Answer]:
    """TG-112: what is not to be echoed is not."""
    return [
        given(
            ParameterKey=name,
            ParameterValue=SHOWN_INSTEAD if one.no_echo else one.given,
            ResolvedValue=SHOWN_INSTEAD if one.no_echo and one.resolved else one.resolved,
        )
        | ({"ParameterValue": ""} if one.given == "" and not one.no_echo else {})
        for name, one in parameters.items()
    ]


def stack_summary(stack: Stack) -> Answer:
    """As ListStacks has it."""
    return given(
        StackId=stack.name.arn,
        StackName=stack.name.name,
        TemplateDescription=stack.plan.description if stack.plan else "",
        CreationTime=stack.created,
        LastUpdatedTime=stack.updated,
        DeletionTime=stack.deleted,
        StackStatus=str(stack.status),
        StackStatusReason=stack.reason,
        ParentId=stack.parent,
        RootId=stack.root if stack.parent else "",
        DriftInformation=_NOT_CHECKED,
    )


def resource_summary(one: Listed) -> Answer:
    """As ListStackResources has it."""
    return given(
        LogicalResourceId=one.state.logical_id,
        PhysicalResourceId=one.state.physical_id,
        ResourceType=one.state.type,
        LastUpdatedTimestamp=one.updated,
        ResourceStatus=str(one.state.status),
        ResourceStatusReason=one.state.reason,
        DriftInformation=_RESOURCE_NOT_CHECKED,
    )


def resource_detail(stack: StackName, one: Listed) -> Answer:
    """As DescribeStackResource has it."""
    metadata = json.dumps(one.state.metadata) if one.state.metadata else ""
    of_stack = {"StackName": stack.name, "StackId": stack.arn}
    return of_stack | resource_summary(one) | given(Metadata=metadata)


def resource_view(stack: StackName, one: Listed) -> Answer:
    """As DescribeStackResources has it."""
    view = resource_summary(one)
    view["Timestamp"] = view.pop("LastUpdatedTimestamp")
    return {"StackName": stack.name, "StackId": stack.arn} | view


def event_view(stack: StackName, event: StackEvent) -> Answer:
    """TG-106"""
    of_stack = not event.logical_id
    return given(
        StackId=stack.arn,
        EventId=_event_id(event),
        StackName=stack.name,
        LogicalResourceId=event.logical_id or stack.name,
        PhysicalResourceId=stack.arn if of_stack else event.physical_id,
        ResourceType=event.type or STACK,
        Timestamp=event.at,
        ResourceStatus=event.status,
        ResourceStatusReason=event.reason,
        ResourceProperties=event.properties,
        ClientRequestToken=event.token,
    )


def _event_id(event: StackEvent) -> str:
    """Those of resources begin with what they are about."""
    if not event.logical_id or event.type == STACK:
        return str(event.id)
    return f"{event.logical_id}-{event.status}-{event.id}"
