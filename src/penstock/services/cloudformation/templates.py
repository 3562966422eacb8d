"""The templates that stacks and change sets have."""

from __future__ import annotations

from penstock.services.cloudformation.change_set_names import the_change_set
from penstock.services.cloudformation.change_set_plans import kept_of
from penstock.services.cloudformation.errors import does_not_exist, invalid
from penstock.services.cloudformation.stack_names import plan_of, the_stack
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import Definition, StackStatus

NO_PLAN = Plan(Definition({}), "")
"""Of a stack whose first change set has not been executed: its template is empty."""


class Templates(Service):
    async def get_template(self, call: Call, request: Request) -> Answer:
        """As it was given, or as transforms left it; both are the same text without any."""
        plan = await self._plan(call, request)
        processed = request.get("TemplateStage") == "Processed"
        return {
            "TemplateBody": (processed and plan.processed) or plan.template,
            "StagesAvailable": ["Original", "Processed"],
        }

    async def _plan(self, call: Call, request: Request) -> Plan:
        if request.get("ChangeSetName"):
            made = await the_change_set(
                self.store, call, request["ChangeSetName"], request.get("StackName")
            )
            plan = kept_of(self.store, made).plan
            if plan is None:
                raise invalid(f"ChangeSet [{made.arn}] has no template")
            return plan
        if not request.get("StackName"):
            raise invalid("Either StackName or ChangeSetName must be specified")
        stack = await the_stack(self.store, call, request["StackName"])
        if stack.status == StackStatus.REVIEW_IN_PROGRESS:
            return NO_PLAN
        found = await plan_of(self.store, stack)
        if found is None:
            raise does_not_exist(request["StackName"])
        return found
