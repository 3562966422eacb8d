"""Stacks in stacks (TG-121): begun here, and told to the task when they have ended."""

from __future__ import annotations

from datetime import timedelta

from penstock.flow.stack_endings import PLAN
from penstock.resources.contract import Job, Made, Outcome, Waiting
from penstock.resources.shaping import check_names
from penstock.services.cloudformation.nested import (
    Nested,
    child_attributes,
    delete_child,
    start_child,
    update_child,
)
from penstock.state.calls import Call

PATIENCE = timedelta(days=7)
"""Longer than anything takes: a stack that ends says so itself."""
LONGEST = 128  # characters of a stack's name
_NAMES = ("NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes")


class NestedStack:
    async def create(self, job: Job) -> Outcome:
        name = job.name(LONGEST)
        arn = await start_child(job.store, _call(job, "CreateStack"), name, _nested(job))
        return Waiting(job.now + PATIENCE, arn)

    async def update(self, job: Job) -> Outcome:
        arn, call = job.physical_id, _call(job, "UpdateStack")
        back = job.task.attributes.get(PLAN) if job.task.restoring else None
        if await update_child(job.store, call, arn, _nested(job), back):
            return Waiting(job.now + PATIENCE, arn)
        return Made(arn, await child_attributes(job.store, call, arn))

    async def delete(self, job: Job) -> Outcome:
        arn, call = job.physical_id, _call(job, "DeleteStack")
        if await delete_child(job.store, call, arn, job.task.id):
            return Waiting(job.now + PATIENCE, arn)
        return Made(arn)


def _nested(job: Job) -> Nested:
    check_names(job.properties, _NAMES)
    return Nested(job.properties, job.tags, job.stack.arn, job.task.id)


def _call(job: Job, operation: str) -> Call:
    region, request = job.stack.region, str(job.task.id)
    return Call("cloudformation", operation, job.principal, region, request, job.now, job.endpoint)
