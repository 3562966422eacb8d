"""Change sets of the stacks in a stack (TG-110, TG-121).

Those are shown of which a nested stack is there already: what is yet to be made has no parameters
that are known. Who executes the root's updates all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from penstock.decide.stacks.changes import KNOWN_LATER
from penstock.decide.stacks.values import resolve
from penstock.errors import AwsError
from penstock.services.cloudformation.change_set_plans import Kept
from penstock.services.cloudformation.nested import asked_for_child
from penstock.services.cloudformation.reviewing import NO_CHANGES, Reviewed, Reviewing
from penstock.services.cloudformation.stack_names import find, plan_of
from penstock.services.cloudformation.stack_views import STACK
from penstock.services.cloudformation.template_sources import read_url
from penstock.state.calls import Call
from penstock.state.recorded_stacks import Plan
from penstock.state.stacks import ResourceState, StackName
from penstock.store import Store
from penstock.store.change_sets import ChangeSet
from penstock.store.stack_resources import list_resources
from penstock.store.stacks import Stack

LONGEST = 128  # characters of a change set's name


class Above(NamedTuple):
    """The change set that others are nested in; `root` is the ARN of the uppermost."""

    id: UUID
    name: str
    stack: StackName
    root: str = ""

    @property
    def arn(self) -> str:
        place = f"arn:aws:cloudformation:{self.stack.region}:{self.stack.account}"
        return f"{place}:changeSet/{self.name}/{self.id}"


async def with_nested(
    store: Store, call: Call, above: Above, reviewed: Reviewed
) -> tuple[Reviewed, list[ChangeSet]]:
    """What was reviewed, with the change sets of its nested stacks, if it is to have any."""
    plan = reviewed.kept.plan
    if not reviewed.kept.with_nested or reviewed.reason or plan is None:
        return reviewed, []
    return await _Nesting(store, call, above, plan).of(reviewed)


class _Nesting:
    def __init__(self, store: Store, call: Call, above: Above, plan: Plan) -> None:
        self._store = store
        self._call = call
        self._above = above
        self._plan = plan

    async def of(self, reviewed: Reviewed) -> tuple[Reviewed, list[ChangeSet]]:
        found = await list_resources(self._store.database, self._store.sealer, self._above.stack.id)
        states = {one.state.logical_id: one.state for one in found}
        ids: dict[str, str] = {}
        same: set[str] = set()
        made: list[ChangeSet] = []
        for name, wanted in self._plan.definition.resources.items():
            if wanted.type != STACK or name not in states:
                continue
            stack = await find(self._store, self._call, states[name].physical_id)
            if stack is None or stack.deleted is not None:
                continue
            properties = _known(wanted.properties, states)
            child, below = await self._child(name, stack, properties)
            made += [child, *below]
            ids[name] = child.arn
            if child.reason == NO_CHANGES:
                same.add(name)
            elif child.reason:
                reason = f"Nested change set {child.arn} was not successfully created: Currently"
                return reviewed._replace(reason=f"{reason} in FAILED."), made
        changes = tuple(
            {**change, "ChangeSetId": ids[change["LogicalResourceId"]]}
            if change["LogicalResourceId"] in ids
            else change
            for change in reviewed.kept.changes
        )
        if reviewed.depends and all(one["LogicalResourceId"] in same for one in changes):
            return reviewed._replace(reason=NO_CHANGES), made
        return reviewed._replace(kept=reviewed.kept._replace(changes=changes)), made

    async def _child(
        self, logical_id: str, stack: Stack, properties: Mapping[str, Any]
    ) -> tuple[ChangeSet, list[ChangeSet]]:
        reviewing = Reviewing(self._store, self._call, stack.name, stack)
        above = self._above
        root = above.root or above.arn
        kept = Kept(None, with_nested=True, parent=above.arn, root=root)
        try:
            reviewed = await self._reviewed(reviewing, stack, properties, kept)
        except AwsError as error:
            reviewed = Reviewed(kept, error.message)
        ending = f"-{logical_id}-{reviewing.id.hex[:12]}"
        name = above.name[: LONGEST - len(ending)] + ending
        place = Above(reviewing.id, name, stack.name, root)
        reviewed, below = await with_nested(self._store, self._call, place, reviewed)
        return reviewing.change_set(name, reviewed, parent=above.id), below

    async def _reviewed(
        self, reviewing: Reviewing, stack: Stack, properties: Mapping[str, Any], kept: Kept
    ) -> Reviewed:
        url = str(properties.get("TemplateURL", ""))
        data = await read_url(self._store, self._call, url)
        asked = asked_for_child(self._plan, properties, self._plan.tags)
        return await reviewing.judge(data, asked, kept, await plan_of(self._store, stack))


def _known(properties: Mapping[str, Any], states: Mapping[str, ResourceState]) -> Mapping[str, Any]:
    """With what is known now of the resources that they refer to."""

    def ref(name: str) -> Any:
        return states[name].physical_id if name in states else KNOWN_LATER

    def get_att(name: str, attribute: str) -> Any:
        return states[name].attributes.get(attribute) if name in states else KNOWN_LATER

    found: Mapping[str, Any] = resolve(properties, ref, get_att)
    return found
