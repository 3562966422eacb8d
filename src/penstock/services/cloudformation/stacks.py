"""Stacks: created, updated, deleted, read, listed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from penstock.flow import stacks as flow
from penstock.flow.stack_steps import Inside
from penstock.services.cloudformation.asked import asked_of
from penstock.services.cloudformation.errors import (
    already_exists,
    invalid,
    invalid_token,
)
from penstock.services.cloudformation.planning import make_plan
from penstock.services.cloudformation.policies import policy_of
from penstock.services.cloudformation.stack_names import (
    changeable,
    check_name,
    find,
    plan_of,
    the_stack,
)
from penstock.services.cloudformation.stack_views import stack_summary, stack_view
from penstock.services.cloudformation.template_sources import needed_template
from penstock.services.cloudformation.updating import (
    check_change,
    check_updatable,
    updated_template,
)
from penstock.services.cloudformation.waiters import is_waiter, settled
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Waiter
from penstock.state.stack_operations import OperationKind
from penstock.state.stacks import ResourceStatus, StackName, StackStatus
from penstock.store import stacks as rows
from penstock.store.change_sets import executed_of
from penstock.store.stack_resources import list_resources
from penstock.store.stacks import Stack

PAGE = 100
NOBODY = Waiter()


class Stacks(Service):
    """What begins an operation takes who is told of its end, for pipelines' actions."""

    async def create_stack(self, call: Call, request: Request, waiter: Waiter = NOBODY) -> Answer:
        check_name(request["StackName"])
        token = request.get("ClientRequestToken", "")
        existing = await find(self.store, call, request["StackName"])
        if existing is not None:
            return {"StackId": _created_before(existing, token)}
        data = await needed_template(self.store, call, request)
        asked = asked_of(request)
        policy = await policy_of(self.store, call, request)
        name = StackName(call.account, call.region, request["StackName"], uuid4())
        plan, _ = await make_plan(self.store, call, name, data, asked)
        async with self.store.database.transaction() as connection:
            name = await flow.create(
                Inside(self.store, connection),
                name,
                plan,
                principal=call.principal,
                now=call.now,
                waiter=waiter,
                token=token,
            )
            if policy is not None:
                await rows.set_policy(connection, name.id, policy)
            if request.get("EnableTerminationProtection"):
                await rows.set_protected(connection, name.id, True)
        return {"StackId": name.arn}

    async def update_stack(self, call: Call, request: Request, waiter: Waiter = NOBODY) -> Answer:
        """TG-108, TG-111"""
        stack = await changeable(self.store, call, request["StackName"])
        token = request.get("ClientRequestToken", "")
        if token and stack.token == token:
            return {"StackId": stack.name.arn}
        check_updatable(stack)
        previous = await plan_of(self.store, stack)
        data = await updated_template(self.store, call, request, previous)
        asked = asked_of(request, previous)
        policy = await policy_of(self.store, call, request)
        await policy_of(self.store, call, request, "StackPolicyDuringUpdate")
        plan, _ = await make_plan(self.store, call, stack.name, data, asked, previous)
        check_change(stack, previous, plan)
        async with self.store.database.transaction() as connection:
            await flow.update(
                Inside(self.store, connection),
                stack.name,
                plan,
                principal=call.principal,
                now=call.now,
                waiter=waiter,
                token=token,
            )
            if policy is not None:
                await rows.set_policy(connection, stack.name.id, policy)
        return {"StackId": stack.name.arn}

    async def delete_stack(self, call: Call, request: Request, waiter: Waiter = NOBODY) -> None:
        """Of what there is not, nothing."""
        stack = await find(self.store, call, request["StackName"])
        if stack is None or stack.deleted is not None:
            return
        if stack.protected:
            raise invalid(
                f"Stack [{stack.name.name}] cannot be deleted while TerminationProtection is"
                " enabled"
            )
        retain = frozenset(request.get("RetainResources", ()))
        if request.get("DeletionMode") == "FORCE_DELETE_STACK":
            if stack.status != StackStatus.DELETE_FAILED:
                raise invalid(
                    "The DeletionMode FORCE_DELETE_STACK is only for stacks in DELETE_FAILED state"
                )
            retain |= await self._undeletable(stack)
        async with self.store.database.transaction() as connection:
            await flow.delete(
                Inside(self.store, connection),
                stack.name,
                retain=retain,
                principal=call.principal,
                now=call.now,
                waiter=waiter,
                token=request.get("ClientRequestToken", ""),
            )

    async def _undeletable(self, stack: Stack) -> frozenset[str]:
        found = await list_resources(self.store.database, self.store.sealer, stack.name.id)
        failed = ResourceStatus.DELETE_FAILED
        return frozenset(one.state.logical_id for one in found if one.state.status == failed)

    async def describe_stacks(self, call: Call, request: Request) -> Answer:
        """TG-109: of one, or of all that are not deleted, the newest first."""
        if request.get("StackName"):
            stack = await the_stack(self.store, call, request["StackName"])
            if is_waiter(call.headers):
                stack = await settled(self.store, stack)
            return {"Stacks": await self._views([stack])}
        page, token = await self._page(call, request, "stacks", (), deleted=False)
        answer: Answer = {"Stacks": await self._views(page)}
        return {**answer, "NextToken": token} if token else answer

    async def list_stacks(self, call: Call, request: Request) -> Answer:
        """With those deleted in the last 90 days."""
        statuses = request.get("StackStatusFilter", ())
        page, token = await self._page(call, request, "summaries", statuses, deleted=True)
        answer: Answer = {"StackSummaries": [stack_summary(stack) for stack in page]}
        return {**answer, "NextToken": token} if token else answer

    async def _page(
        self, call: Call, request: Request, kind: str, statuses: Sequence[str], *, deleted: bool
    ) -> tuple[Sequence[Stack], str | None]:
        before = read_token(kind, request.get("NextToken"), invalid_token())
        found = await rows.list_stacks(
            self.store.database,
            self.store.sealer,
            call.account,
            call.region,
            statuses=statuses,
            deleted=deleted,
            before=before[0] if before else None,
            limit=PAGE + 1,
        )
        return cut(found, PAGE, lambda stack: make_token(kind, stack.number))

    async def _views(self, stacks: Sequence[Stack]) -> list[Answer]:
        executed = await executed_of(self.store.database, [stack.name.id for stack in stacks])
        return [
            stack_view(stack, executed[stack.name.id].arn if stack.name.id in executed else "")
            for stack in stacks
        ]

    async def update_termination_protection(self, call: Call, request: Request) -> Answer:
        stack = await changeable(self.store, call, request["StackName"])
        if stack.parent:
            raise invalid("Termination protection cannot be changed on nested stacks")
        async with self.store.database.transaction() as connection:
            await rows.set_protected(
                connection, stack.name.id, request["EnableTerminationProtection"]
            )
        return {"StackId": stack.name.arn}


def _created_before(stack: Stack, token: str) -> str:
    """The ARN of what the same request has made already. Raises AlreadyExistsException."""
    operation = stack.operation
    if token and stack.token == token and operation and operation.kind is OperationKind.CREATE:
        return stack.name.arn
    raise already_exists(stack.name.name)
