"""What tools ask about something that has failed, besides the stack's events."""

from __future__ import annotations

from penstock.errors import not_implemented
from penstock.services.cloudformation.change_set_names import the_change_set
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call


class Failures(Service):
    async def describe_events(self, call: Call, request: Request) -> Answer:
        """Of a change set: none, as no resource is asked before its change set is executed."""
        if not request.get("ChangeSetName"):
            raise not_implemented("DescribeEvents of stacks: DescribeStackEvents has those")
        await the_change_set(self.store, call, request["ChangeSetName"], request.get("StackName"))
        return {"OperationEvents": []}

    async def list_hook_results(self, call: Call, request: Request) -> Answer:
        """There are no hooks."""
        told: Answer = {
            name: request[name] for name in ("TargetType", "TargetId") if name in request
        }
        return {**told, "HookResults": []}
