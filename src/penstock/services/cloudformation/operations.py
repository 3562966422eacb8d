"""What is done about an operation that is under way, or has failed."""

from __future__ import annotations

from penstock.flow import stacks as flow
from penstock.flow.stack_signals import signal_task
from penstock.flow.stack_steps import Inside
from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.stack_names import changeable
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.signals import Signal
from penstock.store.stack_resources import find_resource
from penstock.store.stack_tasks import find_waiting


class Operations(Service):
    async def cancel_update_stack(self, call: Call, request: Request) -> None:
        stack = await changeable(self.store, call, request["StackName"])
        async with self.store.database.transaction() as connection:
            await flow.cancel_update(Inside(self.store, connection), stack.name, now=call.now)

    async def continue_update_rollback(self, call: Call, request: Request) -> Answer:
        stack = await changeable(self.store, call, request["StackName"])
        async with self.store.database.transaction() as connection:
            await flow.continue_rollback(
                Inside(self.store, connection),
                stack.name,
                skip=frozenset(request.get("ResourcesToSkip", ())),
                principal=call.principal,
                now=call.now,
                token=request.get("ClientRequestToken", ""),
            )
        return {}

    async def rollback_stack(self, call: Call, request: Request) -> Answer:
        stack = await changeable(self.store, call, request["StackName"])
        async with self.store.database.transaction() as connection:
            await flow.rollback(
                Inside(self.store, connection),
                stack.name,
                principal=call.principal,
                now=call.now,
                token=request.get("ClientRequestToken", ""),
            )
        return {"StackId": stack.name.arn}

    async def signal_resource(self, call: Call, request: Request) -> None:
        """For a resource whose creation policy waits for signals."""
        stack = await changeable(self.store, call, request["StackName"])
        logical_id = request["LogicalResourceId"]
        resource = await find_resource(
            self.store.database, self.store.sealer, stack.name.id, logical_id
        )
        if resource is None:
            raise invalid(f"Resource {logical_id} does not exist for stack {stack.name.name}")
        task = await find_waiting(self.store.database, stack.name.id, logical_id)
        signal = Signal(request["UniqueId"], request["Status"])
        if task is None or not await signal_task(self.store, task, signal, call.now):
            raise invalid(
                f"Resource {logical_id} is in {resource.state.status} state and does not wait for"
                " signals"
            )
