"""What stacks have: their resources and their events."""

from __future__ import annotations

from penstock.services.cloudformation.errors import invalid, invalid_token
from penstock.services.cloudformation.stack_names import the_stack
from penstock.services.cloudformation.stack_views import (
    event_view,
    resource_detail,
    resource_summary,
    resource_view,
)
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.stacks import StackName
from penstock.store.stack_events import list_events
from penstock.store.stack_resources import find_resource, find_stack_of, list_resources

PAGE = 100


class StackResources(Service):
    async def describe_stack_events(self, call: Call, request: Request) -> Answer:
        """TG-106"""
        stack = await the_stack(self.store, call, request["StackName"])
        kind = f"events of {stack.name.id}"
        before = read_token(kind, request.get("NextToken"), invalid_token())
        events = await list_events(
            self.store.database,
            self.store.sealer,
            stack.name.id,
            before=before[0] if before else None,
            limit=PAGE + 1,
        )
        page, token = cut(events, PAGE, lambda event: make_token(kind, event.sequence))
        answer: Answer = {"StackEvents": [event_view(stack.name, event) for event in page]}
        return {**answer, "NextToken": token} if token else answer

    async def describe_stack_resource(self, call: Call, request: Request) -> Answer:
        name, logical_id = request["StackName"], request["LogicalResourceId"]
        stack = await the_stack(self.store, call, name)
        found = await find_resource(
            self.store.database, self.store.sealer, stack.name.id, logical_id
        )
        if found is None:
            raise invalid(f"Resource {logical_id} does not exist for stack {name}")
        return {"StackResourceDetail": resource_detail(stack.name, found)}

    async def describe_stack_resources(self, call: Call, request: Request) -> Answer:
        """Of a stack, or of the one that has a resource of a physical id; the first hundred."""
        owner = await self._owner(call, request)
        resources = await list_resources(self.store.database, self.store.sealer, owner.id)
        wanted = request.get("LogicalResourceId")
        shown = [one for one in resources if wanted in (None, one.state.logical_id)]
        if wanted is not None and not shown:
            raise invalid(f"Resource {wanted} does not exist for stack {owner.name}")
        return {"StackResources": [resource_view(owner, one) for one in shown[:PAGE]]}

    async def _owner(self, call: Call, request: Request) -> StackName:
        name, physical_id = request.get("StackName"), request.get("PhysicalResourceId")
        if name is not None and physical_id is None:
            return (await the_stack(self.store, call, name)).name
        if name is not None or physical_id is None:
            raise invalid("Either stackName or physicalResourceId must be specified, not both")
        owner = await find_stack_of(self.store.database, call.account, call.region, physical_id)
        if owner is None:
            raise invalid(f"Stack for {physical_id} does not exist")
        return owner

    async def list_stack_resources(self, call: Call, request: Request) -> Answer:
        stack = await the_stack(self.store, call, request["StackName"])
        kind = f"resources of {stack.name.id}"
        (after,) = read_token(kind, request.get("NextToken"), invalid_token()) or ("",)
        resources = await list_resources(self.store.database, self.store.sealer, stack.name.id)
        left = [one for one in resources if one.state.logical_id > after]
        page, token = cut(left, PAGE, lambda one: make_token(kind, one.state.logical_id))
        answer: Answer = {"StackResourceSummaries": [resource_summary(one) for one in page]}
        return {**answer, "NextToken": token} if token else answer
