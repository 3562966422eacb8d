"""Stacks created, updated, replaced, reviewed and deleted by a pipeline (CP-130, CP-150…155).

The stack's operation has the action's id as its token. So whoever is asked again, after a kill or
when the operation has ended, sees from the stack what has been done, and never does it twice.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from penstock.actions.acting import call_of, failed_by
from penstock.actions.artifacts import put_artifact
from penstock.actions.contract import Done, Failed, Later, Outcome, Start, Succeeded, Waiting
from penstock.actions.stack_files import Files
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
from penstock.services.cloudformation.reviewing import NO_CHANGES
from penstock.services.cloudformation.stack_names import find, plan_of
from penstock.state.recorded_stacks import Waiter
from penstock.state.stacks import StackStatus
from penstock.store import Store
from penstock.store.stacks import Stack

AGAIN = timedelta(milliseconds=500)
"""Until it is looked whether a stack that is to be replaced is gone."""
_UNCHANGED = "No updates are to be performed."
_DELETING = "delete-"


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
        stack = await self._find()
        if stack is not None and stack.token == self._token:
            return await self._goes_on(stack)
        if stack is not None and stack.token == _DELETING + self._token:
            return self._being_replaced(stack)
        status = stack.status if stack is not None else None
        step = step_of(self._wish.mode, status)
        if step is Step.NOTHING:
            return Done(summary=f"There is no stack {self._wish.stack}")
        return await self._do(step, stack)

    async def _find(self) -> Stack | None:
        call = call_of(self._start, "cloudformation", "DescribeStacks")
        found = await find(self._store, call, self._wish.stack)
        return None if found is None or found.deleted is not None else found

    async def _goes_on(self, stack: Stack) -> Outcome:
        """This action's own operation is under way, or has ended."""
        if stack.status.endswith("_IN_PROGRESS"):
            return self._waiting(stack)
        if not has_succeeded(stack.status):
            return Failed("JobFailed", f"{stack.name.name} is {stack.status}: {stack.reason}")
        return await self._done(stack, f"{stack.name.name} is {stack.status}")

    def _being_replaced(self, stack: Stack) -> Outcome:
        if stack.status == StackStatus.DELETE_FAILED:
            return Failed("JobFailed", f"{stack.name.name} cannot be deleted: {stack.reason}")
        return Later(datetime.now(UTC) + AGAIN, f"{stack.name.name} is {stack.status}")

    def _waiting(self, stack: Stack) -> Waiting:
        return Waiting(stack.name.arn, summary=f"{stack.name.name} is {stack.status}")

    async def _do(self, step: Step, stack: Stack | None) -> Outcome:
        if step is Step.EXECUTE:
            return await self._execute(stack)
        if step in (Step.DELETE, Step.REPLACE):
            return await self._delete(again=step is Step.REPLACE)
        with TemporaryDirectory(prefix="penstock-stack-") as folder:
            request = await self._request(Files(self._store, self._start, folder), stack)
        if step is Step.CREATE:
            await self._call("CreateStack", request, waits=True)
        elif step is Step.UPDATE:
            return await self._update(request, stack)
        else:
            return await self._review(step, request)
        return await self._begun()

    async def _update(self, request: dict[str, Any], stack: Stack | None) -> Outcome:
        """CP-151 does not say what an update is that changes nothing: it has succeeded."""
        try:
            await self._call("UpdateStack", request, waits=True)
        except AwsError as error:
            if error.message != _UNCHANGED or stack is None:
                raise
            return await self._done(stack, _UNCHANGED)
        return await self._begun()

    async def _delete(self, *, again: bool) -> Outcome:
        token = f"{_DELETING}{self._token}" if again else self._token
        asked = {"StackName": self._wish.stack, "ClientRequestToken": token}
        await self._call("DeleteStack", asked, waits=not again)
        stack = await self._find()
        if stack is None and not again:
            return Done(summary=f"{self._wish.stack} is {StackStatus.DELETE_COMPLETE}")
        return Later(datetime.now(UTC) + AGAIN) if again or stack is None else self._waiting(stack)

    async def _review(self, step: Step, request: dict[str, Any]) -> Outcome:
        """CP-152: one of this name that is there already is deleted."""
        named = {"StackName": self._wish.stack, "ChangeSetName": self._wish.change_set}
        if step is Step.REVIEW_UPDATE or await self._find() is not None:
            await self._call("DeleteChangeSet", named)
        kind = "CREATE" if step is Step.REVIEW_CREATE else "UPDATE"
        request.pop("ClientRequestToken")
        request.pop("StackPolicyBody", None)
        await self._call("CreateChangeSet", {**request, **named, "ChangeSetType": kind})
        found = await self._call("DescribeChangeSet", named)
        if found["Status"] == "FAILED" and found["StatusReason"] != NO_CHANGES:
            return Failed("JobFailed", found["StatusReason"])
        changes = len(found["Changes"])
        said = f"The change set {self._wish.change_set} has {changes} change{'s' * (changes != 1)}"
        stack = await self._find()
        return await self._done(stack, said, found["ChangeSetId"])

    async def _execute(self, stack: Stack | None) -> Outcome:
        named = {"StackName": self._wish.stack, "ChangeSetName": self._wish.change_set}
        found = await self._call("DescribeChangeSet", named)
        if found["Status"] == "FAILED" and found["StatusReason"] == NO_CHANGES:
            return await self._done(stack, NO_CHANGES)
        asked = {**named, "ClientRequestToken": self._token}
        await self._call("ExecuteChangeSet", asked, waits=True)
        return await self._begun()

    async def _begun(self) -> Outcome:
        stack = await self._find()
        if stack is None:  # deleted by somebody meanwhile
            return Failed("JobFailed", f"The stack {self._wish.stack} is gone")
        return self._waiting(stack)

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
            "@template": template,
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
        summary = await self._call("GetTemplateSummary", {"@template": template})
        named = [one["ParameterKey"] for one in summary.get("Parameters", ())]
        return [name for name in named if name in plan.parameters and name not in given]

    async def _call(
        self, operation: str, request: dict[str, Any], *, waits: bool = False
    ) -> dict[str, Any]:
        call = call_of(self._start, "cloudformation", operation)
        handler: Any = self._service.handler(operation)
        extra = {"waiter": Waiter(action=self._start.id)} if waits else {}
        return await handler(call, request, **extra) or {}

    async def _done(self, stack: Stack | None, summary: str, id_: str = "") -> Outcome:
        """CP-155"""
        if self._wish.mode == "DELETE_ONLY" or stack is None:
            return Done(summary=summary)
        outputs = {name: one.value for name, one in stack.outputs.items()}
        made = {}
        action = self._start.action
        if self._wish.output and isinstance(action, Action):
            for output in action.outputs:
                made[output.name] = await self._output(output.name, outputs)
        arn = id_ or stack.name.arn
        return Done(Succeeded(made, outputs), external_id=arn, summary=summary)

    async def _output(self, name: str, outputs: dict[str, str]) -> Any:
        import json

        with TemporaryDirectory(prefix="penstock-outputs-") as folder:
            file, packed = os.path.join(folder, "outputs"), os.path.join(folder, "artifact.zip")
            with open(file, "w", encoding="utf-8") as opened:
                json.dump(outputs, opened)
            write_zip([Entry(file, self._wish.output, "")], packed)
            return await put_artifact(self._store, self._start, name, packed)
