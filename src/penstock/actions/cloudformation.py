"""Stacks created, updated, replaced, reviewed and deleted by a pipeline (CP-130, CP-150…155).

The stack's operation, or the change set, has the action's id as its token. So whoever is asked
again, after a kill or when the operation has ended, sees from that what has been done, and never
does it twice.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from penstock.actions.acting import call_of, failed_by
from penstock.actions.artifacts import put_artifact
from penstock.actions.contract import Done, Failed, Later, Outcome, Start, Succeeded, Waiting
from penstock.actions.stack_files import Files
from penstock.actions.stack_progress import Progress, progress_of
from penstock.decide.stack_actions import (
    Settings,
    StackActionError,
    Step,
    Wish,
    has_succeeded,
    parameters_of,
    read_settings,
    read_wish,
    step_of,
)
from penstock.documents.pipelines import Action
from penstock.errors import AwsError
from penstock.runner.archives import Entry
from penstock.runner.archives.zip_writer import write_zip
from penstock.services.cloudformation import CloudFormation
from penstock.services.cloudformation.change_set_plans import kept_of
from penstock.services.cloudformation.reviewing import NO_CHANGES
from penstock.services.cloudformation.stack_names import find, plan_of
from penstock.services.cloudformation.template_sources import TEMPLATE
from penstock.state.calls import Call
from penstock.state.pipelines import Artifact
from penstock.state.recorded_stacks import Waiter
from penstock.state.stacks import StackStatus
from penstock.store import Store
from penstock.store.change_sets import ChangeSet, find_by_name
from penstock.store.stacks import Stack, get_stack

AGAIN = timedelta(seconds=1)
"""Until something is looked at that somebody else is doing, who tells us nothing."""
_UNCHANGED = "No updates are to be performed."
_DELETING = "delete-"
_THERE = "AlreadyExistsException"


async def start(store: Store, start: Start) -> Outcome:
    try:
        return await _Acting(store, start).act()
    except StackActionError as error:
        return Failed("ConfigurationError", str(error))
    except AwsError as error:
        return failed_by(error, start.configuration.get("StackName", ""))


class _Acting:
    def __init__(self, store: Store, start: Start) -> None:
        self._store = store
        self._start = start
        self._service = CloudFormation(store)
        self._wish: Wish = read_wish(start.configuration)
        self._token = str(start.id)

    async def act(self) -> Outcome:
        own = await self._progress(self._token)
        if own is not None:
            return await self._goes_on(own)
        away = await self._progress(_DELETING + self._token)
        if away is not None and away.status != StackStatus.DELETE_COMPLETE:
            return await self._is_replaced(away)
        stack = await self._find()
        status = stack.status if stack is not None else None
        step = step_of(self._wish.mode, status)
        if step is Step.NOTHING:
            return Done(summary=f"There is no stack {self._wish.stack}")
        try:
            return await self._do(step, stack)
        except AwsError:
            # Another worker may have this action too, and have begun its operation meanwhile.
            own = await self._progress(self._token)
            if own is None:
                raise
            return await self._goes_on(own)

    async def _find(self) -> Stack | None:
        call = self._call_of("DescribeStacks")
        found = await find(self._store, call, self._wish.stack)
        return None if found is None or found.deleted is not None else found

    async def _progress(self, token: str) -> Progress | None:
        return await progress_of(self._store, self._call_of("DescribeStackEvents"), token)

    async def _goes_on(self, own: Progress) -> Outcome:
        """This action's own operation is under way, or has ended."""
        if own.under_way:
            return await self._waiting(own)
        if not has_succeeded(own.status):
            return Failed("JobFailed", f"{self._wish.stack} is {own.status}: {own.reason}")
        stack = await get_stack(self._store.database, self._store.sealer, own.stack)
        return await self._done(stack, f"{self._wish.stack} is {own.status}")

    async def _is_replaced(self, away: Progress) -> Outcome:
        """The stack is on its way out, so that it can be made anew."""
        if away.under_way:
            return await self._waiting(away)
        return Failed("JobFailed", f"{self._wish.stack} cannot be deleted: {away.reason}")

    async def _waiting(self, operation: Progress) -> Outcome:
        stack = await get_stack(self._store.database, self._store.sealer, operation.stack)
        arn = stack.name.arn if stack is not None else ""
        return Waiting(arn, summary=f"{self._wish.stack} is {operation.status}")

    async def _do(self, step: Step, stack: Stack | None) -> Outcome:
        if step is Step.EXECUTE:
            return await self._execute(stack)
        if stack is not None and step is Step.DELETE:
            await self._delete(stack, self._token)
            return await self._begun()
        if stack is not None and step in (Step.REPLACE, Step.CREATE):
            return await self._replace(stack)
        with TemporaryDirectory(prefix="penstock-stack-") as folder:
            request = await self._request(Files(self._store, self._start, folder), stack)
        if step is Step.CREATE:
            await self._call("CreateStack", request, waits=True)
        elif step is Step.UPDATE:
            return await self._update(request, stack)
        else:
            return await self._review(step, request)
        return await self._begun()

    async def _begun(self) -> Outcome:
        own = await self._progress(self._token)
        # What somebody else is deleting already is not our operation.
        return self._later() if own is None else await self._goes_on(own)

    def _later(self) -> Later:
        return Later(datetime.now(UTC) + AGAIN, f"Somebody else is changing {self._wish.stack}")

    async def _update(self, request: dict[str, Any], stack: Stack | None) -> Outcome:
        """CP-151 does not say what an update is that changes nothing: it has succeeded."""
        try:
            await self._call("UpdateStack", request, waits=True)
        except AwsError as error:
            if error.message != _UNCHANGED or stack is None:
                raise
            return await self._done(stack, _UNCHANGED)
        return await self._begun()

    async def _delete(self, stack: Stack, token: str) -> None:
        """This one, and no other that has its name by now."""
        asked = {"StackName": stack.name.arn, "ClientRequestToken": token}
        await self._call("DeleteStack", asked, waits=True)

    async def _replace(self, stack: Stack) -> Outcome:
        """Also what is only in review, and has nothing in it: nobody creates over it."""
        token = _DELETING + self._token
        await self._delete(stack, token)
        away = await self._progress(token)
        if away is None:
            return self._later()
        if away.status == StackStatus.DELETE_COMPLETE:
            return await self.act()
        return await self._is_replaced(away)

    async def _review(self, step: Step, request: dict[str, Any]) -> Outcome:
        """CP-152: one of this name that is there already is deleted."""
        made = await self._change_set()
        if made is None or made.token != self._token:
            if made is not None and made.executed is None:
                await self._call("DeleteChangeSet", {"ChangeSetName": made.arn})
            await self._make(step, request)
            made = await self._change_set()
        if made is None or made.token != self._token:
            return self._later()
        if made.reason and made.reason != NO_CHANGES:
            return Failed("JobFailed", f"{made.name}: {made.reason}")
        changes = len(kept_of(self._store, made).changes)
        said = f"The change set {made.name} has {changes} change{'s' * (changes != 1)}"
        return await self._done(await self._find(), said, made.arn)

    async def _make(self, step: Step, request: dict[str, Any]) -> None:
        """The change set, unless one is made at the same time."""
        asked = {
            **request,
            "ChangeSetName": self._wish.change_set,
            "ChangeSetType": "CREATE" if step is Step.REVIEW_CREATE else "UPDATE",
            "ClientToken": self._token,
        }
        for member in ("ClientRequestToken", "StackPolicyBody"):
            asked.pop(member, None)
        try:
            await self._call("CreateChangeSet", asked)
        except AwsError as error:
            if error.code != _THERE:
                raise

    async def _change_set(self) -> ChangeSet | None:
        stack = await self._find()
        if stack is None:
            return None
        return await find_by_name(self._store.database, stack.name.id, self._wish.change_set)

    async def _execute(self, stack: Stack | None) -> Outcome:
        made = await self._change_set()
        if made is not None and made.reason == NO_CHANGES:
            return await self._done(stack, NO_CHANGES)
        asked = {"StackName": self._wish.stack, "ChangeSetName": self._wish.change_set}
        await self._call(
            "ExecuteChangeSet", {**asked, "ClientRequestToken": self._token}, waits=True
        )
        return await self._begun()

    async def _request(self, files: Files, stack: Stack | None) -> dict[str, Any]:
        """What creates or updates the stack, from the input artifacts. Raises
        StackActionError."""
        wish = self._wish
        settings = Settings()
        if wish.settings is not None:
            settings = read_settings(wish.settings, await files.read(wish.settings))
        assert wish.template is not None  # noqa: S101
        template = await files.read(wish.template)
        given = parameters_of(settings, wish.overrides, await files.finder(wish, settings))
        kept = await self._kept(template, stack, given)
        request: dict[str, Any] = {
            "StackName": wish.stack,
            TEMPLATE: template,
            "Parameters": [
                *({"ParameterKey": n, "ParameterValue": text} for n, text in given.items()),
                *({"ParameterKey": n, "UsePreviousValue": True} for n in kept),
            ],
            "Capabilities": list(wish.capabilities),
            "RoleARN": wish.role_arn,
            "ClientRequestToken": self._token,
        }
        if settings.tags:
            request["Tags"] = [{"Key": key, "Value": text} for key, text in settings.tags.items()]
        return request | ({"StackPolicyBody": settings.policy} if settings.policy else {})

    async def _kept(self, template: bytes, stack: Stack | None, given: dict[str, str]) -> list[str]:
        """Parameters that keep the value that the stack has: those of the template that nobody
        gives here."""
        plan = await plan_of(self._store, stack) if stack is not None else None
        if plan is None:
            return []
        summary = await self._call("GetTemplateSummary", {TEMPLATE: template})
        named = [one["ParameterKey"] for one in summary.get("Parameters", ())]
        return [name for name in named if name in plan.parameters and name not in given]

    async def _call(
        self, operation: str, request: dict[str, Any], *, waits: bool = False
    ) -> dict[str, Any]:
        handler: Any = self._service.handler(operation)
        extra = {"waiter": Waiter(action=self._start.id)} if waits else {}
        return await handler(self._call_of(operation), request, **extra) or {}

    def _call_of(self, operation: str) -> Call:
        """In the action's Region, where the stack is."""
        call = call_of(self._start, "cloudformation", operation)
        return call._replace(region=self._start.action.region or call.region)

    async def _done(self, stack: Stack | None, summary: str, id_: str = "") -> Outcome:
        """CP-155"""
        if stack is None:
            return Done(summary=summary)
        if self._wish.mode == "DELETE_ONLY":
            return Done(external_id=stack.name.arn, summary=summary)
        outputs = {name: one.value for name, one in stack.outputs.items()}
        made = {}
        action = self._start.action
        if self._wish.output and isinstance(action, Action):
            for output in action.outputs:
                made[output.name] = await self._output(output.name, outputs)
        arn = id_ or stack.name.arn
        return Done(Succeeded(made, outputs), external_id=arn, summary=summary)

    async def _output(self, name: str, outputs: dict[str, str]) -> Artifact:
        with TemporaryDirectory(prefix="penstock-outputs-") as folder:
            file, packed = os.path.join(folder, "outputs"), os.path.join(folder, "artifact.zip")
            with open(file, "w", encoding="utf-8") as opened:
                json.dump(outputs, opened)
            write_zip([Entry(file, self._wish.output, "")], packed)
            return await put_artifact(self._store, self._start, name, packed)
