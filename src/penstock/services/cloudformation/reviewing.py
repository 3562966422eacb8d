"""What a change set comes to: what it would change, or why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from penstock.decide.stacks.changes import Causes, changes_of, retagged
from penstock.services.cloudformation.asked import Asked, asked_of
from penstock.services.cloudformation.change_set_plans import Kept, sealed
from penstock.services.cloudformation.change_set_views import (
    COMPLETE,
    CREATE,
    FAILED,
    UPDATE,
    change_view,
    hidden_values,
)
from penstock.services.cloudformation.errors import TransformFailed
from penstock.services.cloudformation.planning import Planned, make_plan
from penstock.services.cloudformation.stack_names import plan_of
from penstock.services.cloudformation.updating import (
    changes_nothing,
    is_unchanged,
    updated_template,
)
from penstock.services.service import Answer
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import StackName, StackStatus
from penstock.store import Store
from penstock.store.change_sets import ChangeSet
from penstock.store.stack_resources import list_resources
from penstock.store.stacks import Stack

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a"
    " change set."
)


class Reviewed(NamedTuple):
    """`reason` says why there is nothing to execute, "" where there is something. Where that is
    only what nested stacks may come to, `depends` is true."""

    kept: Kept
    reason: str = ""
    depends: bool = False


class Reviewing:
    """Makes one change set, of this `id`; `stack` is None where it is to be made."""

    def __init__(self, store: Store, call: Call, name: StackName, stack: Stack | None) -> None:
        self.id = uuid4()
        self._store = store
        self._call = call
        self._name = name
        self._stack = stack
        self._new = stack is None or stack.status == StackStatus.REVIEW_IN_PROGRESS

    async def review(self, request: Mapping[str, Any]) -> Reviewed:
        """Raises AwsError for what is refused at once: a template, a parameter, a capability."""
        previous = None
        if self._stack is not None and not self._new:
            previous = await plan_of(self._store, self._stack)
        data = await updated_template(self._store, self._call, request, previous)
        asked = asked_of(request, previous)
        kept = Kept(
            None,
            description=request.get("Description", ""),
            on_stack_failure=request.get("OnStackFailure", ""),
            with_nested=bool(request.get("IncludeNestedStacks")),
        )
        return await self.judge(data, asked, kept, previous)

    async def judge(self, data: bytes, asked: Asked, kept: Kept, previous: Plan | None) -> Reviewed:
        """Of a template and what is asked with it. Raises AwsError as `review` does."""
        try:
            planned = await make_plan(
                self._store, self._call, self._name, data, asked, previous, reviewed=True
            )
        except TransformFailed as error:
            return Reviewed(kept, error.message)
        kept = kept._replace(plan=planned.plan)
        if planned.plan.problem:
            return Reviewed(kept, planned.plan.problem)
        if self._stack is not None and changes_nothing(self._stack, previous, planned.plan):
            return Reviewed(kept, NO_CHANGES)
        depends = self._stack is not None and is_unchanged(self._stack, previous, planned.plan)
        changes = await self._changes(planned, previous)
        return Reviewed(kept._replace(changes=changes), depends=depends)

    async def _changes(self, planned: Planned, previous: Plan | None) -> tuple[Answer, ...]:
        plan, template = planned
        resources = {}
        if self._stack is not None and previous is not None:
            found = await list_resources(self._store.database, self._store.sealer, self._name.id)
            resources = {one.state.logical_id: one.state for one in found}
        before = previous.parameters if previous else {}
        changed = frozenset(
            name
            for name, value in plan.parameters.items()
            if name in before and before[name][:2] != value[:2]
        )
        definition = previous.definition if previous else None
        tags = retagged(plan.definition, previous.tags if previous else plan.tags, plan.tags)
        causes = Causes(template, changed)
        changes = changes_of(definition, resources, plan.definition, causes, tags)
        hidden = hidden_values(previous, plan)
        return tuple(change_view(change, hidden) for change in changes)

    def change_set(
        self, name: str, reviewed: Reviewed, *, token: str = "", parent: UUID | None = None
    ) -> ChangeSet:
        """The row of what has been reviewed."""
        return ChangeSet(
            self.id,
            self._name.account,
            self._name.region,
            self._name.id,
            name,
            CREATE if self._new else UPDATE,
            FAILED if reviewed.reason else COMPLETE,
            reviewed.reason,
            sealed(self._store, self.id, reviewed.kept),
            token or None,
            self._stack.updated if self._stack else None,
            parent,
            self._call.now,
        )
