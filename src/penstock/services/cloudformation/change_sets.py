"""Change sets: planned, shown, executed (TG-110)."""

from __future__ import annotations

from uuid import uuid4

from penstock.errors import AwsError, not_implemented
from penstock.flow import stacks as flow
from penstock.flow.stack_steps import Inside
from penstock.services.cloudformation.change_set_names import find_change_set, the_change_set
from penstock.services.cloudformation.change_set_plans import Kept, kept_of
from penstock.services.cloudformation.change_set_views import (
    AVAILABLE,
    COMPLETE,
    CREATE,
    change_set_summary,
    change_set_view,
    execution_status,
    without_values,
)
from penstock.services.cloudformation.errors import (
    change_set_not_found,
    invalid,
    invalid_token,
    no_stack,
)
from penstock.services.cloudformation.nested_change_sets import Above, with_nested
from penstock.services.cloudformation.reviewing import Reviewing
from penstock.services.cloudformation.stack_names import changeable, check_name, find, the_stack
from penstock.services.cloudformation.updating import check_updatable
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.recorded_stacks import OnFailure, Plan, Waiter
from penstock.state.stacks import Definition, StackName, StackStatus
from penstock.store import change_sets as rows
from penstock.store.change_sets import ChangeSet
from penstock.store.stacks import Stack, get_stack

PAGE = 100
NOBODY = Waiter()
_MISSING = ("ResourcesToImport", "DeploymentMode")


class ChangeSets(Service):
    async def create_change_set(self, call: Call, request: Request) -> Answer:
        """Made at once. One that cannot be, as its transforms fail or as it would change nothing,
        is there as FAILED."""
        _refuse_missing(request)
        stack = await self._stack(call, request)
        token = request.get("ClientToken", "")
        if stack is not None and (before := await self._made_before(stack, request)):
            return before
        name = stack.name if stack else _new_name(call, request["StackName"])
        reviewing = Reviewing(self.store, call, name, stack)
        outcome = await reviewing.review(request)
        root = Above(reviewing.id, request["ChangeSetName"], name)
        outcome, nested = await with_nested(self.store, call, root, outcome)
        made = reviewing.change_set(root.name, outcome, token=token)
        async with self.store.database.transaction() as connection:
            if stack is None:
                await flow.create(
                    Inside(self.store, connection),
                    name,
                    outcome.kept.plan or _NOTHING,
                    principal=call.principal,
                    now=call.now,
                    review=True,
                )
            if not await rows.insert_change_set(connection, made):
                raise _change_set_exists(request["ChangeSetName"])
            for one in nested:
                await rows.insert_change_set(connection, one)
        return {"Id": made.arn, "StackId": name.arn}

    async def _stack(self, call: Call, request: Request) -> Stack | None:
        """The stack that is to be updated, or reviewed again; None where one is to be made."""
        name = request["StackName"]
        stack = await find(self.store, call, name)
        if stack is not None and stack.deleted is not None:
            stack = None
        if request.get("ChangeSetType", "UPDATE") != CREATE:
            if stack is None:
                raise no_stack(name)
            check_updatable(stack)
            return stack
        if stack is not None and stack.status != StackStatus.REVIEW_IN_PROGRESS:
            raise AwsError(
                "AlreadyExistsException",
                f"Stack [{stack.name.name}] already exists and cannot be created again with the"
                f" changeSet [{request['ChangeSetName']}].",
            )
        return stack

    async def _made_before(self, stack: Stack, request: Request) -> Answer | None:
        found = await rows.find_by_name(
            self.store.database, stack.name.id, request["ChangeSetName"]
        )
        if found is None or found.executed is not None:
            return None
        token = request.get("ClientToken")
        if token and found.token == token:
            return {"Id": found.arn, "StackId": stack.name.arn}
        raise _change_set_exists(found.name)

    async def describe_change_set(self, call: Call, request: Request) -> Answer:
        made, stack = await self._found(call, request)
        kept = kept_of(self.store, made)
        kind = f"changes of {made.id}"
        (start,) = read_token(kind, request.get("NextToken"), invalid_token()) or (0,)
        changes = list(enumerate(kept.changes))[start : start + PAGE + 1]
        page, token = cut(changes, PAGE, lambda one: make_token(kind, one[0] + 1))
        shown = dict if request.get("IncludePropertyValues") else without_values
        answer = change_set_view(made, stack, kept)
        answer["Changes"] = [
            {"Type": "Resource", "ResourceChange": shown(change)} for _, change in page
        ]
        return {**answer, "NextToken": token} if token else answer

    async def describe_change_set_hooks(self, call: Call, request: Request) -> Answer:
        """There are no hooks."""
        made, stack = await self._found(call, request)
        return {
            "ChangeSetId": made.arn,
            "ChangeSetName": made.name,
            "Hooks": [],
            "Status": "PLANNED",
            "StackId": stack.name.arn,
            "StackName": stack.name.name,
        }

    async def list_change_sets(self, call: Call, request: Request) -> Answer:
        """Those that have not been executed."""
        stack = await the_stack(self.store, call, request["StackName"])
        kind = f"change sets of {stack.name.id}"
        (after,) = read_token(kind, request.get("NextToken"), invalid_token()) or ("",)
        found = await rows.list_change_sets(
            self.store.database, stack.name.id, after=after, limit=PAGE + 1
        )
        page, token = cut(found, PAGE, lambda one: make_token(kind, one.name))
        answer: Answer = {
            "Summaries": [change_set_summary(one, stack, kept_of(self.store, one)) for one in page]
        }
        return {**answer, "NextToken": token} if token else answer

    async def execute_change_set(
        self, call: Call, request: Request, waiter: Waiter = NOBODY
    ) -> Answer:
        """TG-110: all others of the stack are gone then. `waiter` is told of its end."""
        made, stack = await self._found(call, request)
        token = request.get("ClientRequestToken", "")
        if made.executed is not None and token and stack.token == token:
            return {}
        kept = kept_of(self.store, made)
        plan = _executable(made, stack, kept)
        if request.get("DisableRollback") is not None:
            if kept.on_stack_failure:
                raise invalid("DisableRollback cannot be given where OnStackFailure has been.")
            stays = request["DisableRollback"]
            plan = plan._replace(on_failure=OnFailure.DO_NOTHING if stays else OnFailure.ROLLBACK)
        begin = flow.create if made.type == CREATE else flow.update
        async with self.store.database.transaction() as connection:
            locked = await rows.lock_change_set(connection, made.id)
            if locked is None:
                raise change_set_not_found(request["ChangeSetName"])
            _executable(locked, stack, kept)
            await begin(
                Inside(self.store, connection),
                stack.name,
                plan,
                principal=call.principal,
                now=call.now,
                waiter=waiter,
                token=token,
            )
            await rows.mark_executed(connection, made, call.now)
        return {}

    async def delete_change_set(self, call: Call, request: Request) -> Answer:
        """Of what there is not, nothing."""
        name, stack_name = request["ChangeSetName"], request.get("StackName")
        if stack_name and not name.startswith("arn:"):
            await changeable(self.store, call, stack_name)
        made = await find_change_set(self.store, call, name, stack_name)
        if made is None:
            return {}
        if made.parent is not None:
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{made.arn}] is of a nested stack: delete that of its root",
            )
        async with self.store.database.transaction() as connection:
            await rows.delete_change_set(connection, made.id)
        return {}

    async def _found(self, call: Call, request: Request) -> tuple[ChangeSet, Stack]:
        name = request["ChangeSetName"]
        made = await the_change_set(self.store, call, name, request.get("StackName"))
        stack = await get_stack(self.store.database, self.store.sealer, made.stack)
        if stack is None:
            raise change_set_not_found(name)
        return made, stack


_NOTHING = Plan(Definition({}), "")
"""Of a stack under review whose first change set has failed."""


def _refuse_missing(request: Request) -> None:
    # ImportExistingResources, which `cdk bootstrap` asks for, imports nothing here: the operation
    # fails on a resource that is there already, as it does without.
    if request.get("ChangeSetType") == "IMPORT":
        raise not_implemented("CreateChangeSet.ChangeSetType IMPORT")
    for member in _MISSING:
        if request.get(member):
            raise not_implemented(f"CreateChangeSet.{member}")


def _new_name(call: Call, name: str) -> StackName:
    check_name(name)
    return StackName(call.account, call.region, name, uuid4())


def _change_set_exists(name: str) -> AwsError:
    return AwsError("AlreadyExistsException", f"ChangeSet {name} already exists")


def _executable(made: ChangeSet, stack: Stack, kept: Kept) -> Plan:
    """Its plan. Raises InvalidChangeSetStatus."""
    if made.status != COMPLETE or kept.plan is None:
        raise _not_executable(made, f"status of [{made.status}]")
    execution = execution_status(made, stack)
    if execution != AVAILABLE:
        raise _not_executable(made, f"execution status of [{execution}]")
    if made.parent is not None:
        raise _not_executable(made, "place: execute the change set of its root stack")
    return kept.plan


def _not_executable(made: ChangeSet, state: str) -> AwsError:
    return AwsError(
        "InvalidChangeSetStatus",
        f"ChangeSet [{made.arn}] cannot be executed in its current {state}",
    )
