"""Triggers: who is told of pushes, beside EventBridge (TG-138)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from penstock.decide.repository_changes import ALL, trigger_message
from penstock.errors import AwsError
from penstock.services.codecommit.deliveries import deliver
from penstock.services.codecommit.hosted import Hosted
from penstock.services.codecommit.names import is_ref
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import BRANCH
from penstock.store import repositories as rows

MOST = 10
MOST_BRANCHES = 10
LONGEST_NAME, LONGEST_DATA = 100, 1000
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>sns|lambda):(?P<region>[a-z0-9-]+):[0-9]{12}:.+")
_EVENTS = ("updateReference", "createReference", "deleteReference")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


class Triggers(Hosted):
    async def get_repository_triggers(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        answer: Answer = {"triggers": list(found.triggers)}
        return answer | ({"configurationId": str(found.triggers_id)} if found.triggers_id else {})

    async def put_repository_triggers(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        triggers = request["triggers"]
        check_triggers(triggers, call.region)
        configuration = await rows.set_triggers(self.store.database, found.id, triggers)
        return {"configurationId": str(configuration)}

    async def test_repository_triggers(self, call: Call, request: Request) -> Answer:
        """Sends each of them a message about the default branch, at once."""
        found = await self.find(call, request["repositoryName"])
        triggers = request["triggers"]
        check_triggers(triggers, call.region)
        branch = BRANCH + (found.default_branch or "main")
        commit = await rows.recorded_commit(self.store.database, found.id, branch)
        done, failed = [], []
        for trigger in triggers:
            message = trigger_message(
                found,
                trigger,
                [{"commit": commit or "0" * 40, "ref": branch}],
                call.principal.arn,
                str(uuid4()),
                call.now,
                event="TriggerEventTest",
            )
            try:
                await deliver(self.store, found.account, trigger["destinationArn"], message)
                done.append(trigger["name"])
            except AwsError as error:
                failed.append({"trigger": trigger["name"], "failureMessage": str(error)})
        return {"successfulExecutions": done, "failedExecutions": failed}


def check_triggers(triggers: Sequence[Mapping[str, Any]], region: str) -> None:
    """Raises AwsError."""
    if len(triggers) > MOST:
        raise _invalid(
            "MaximumRepositoryTriggersExceeded", f"A repository has at most {MOST} triggers."
        )
    names = [trigger["name"] for trigger in triggers]
    for trigger in triggers:
        name = trigger["name"]
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME or names.count(name) > 1:
            raise _invalid(
                "InvalidRepositoryTriggerName", f"The name {name!r} is not valid, or not unique."
            )
        if len(trigger.get("customData") or "") > LONGEST_DATA:
            raise _invalid(
                "InvalidRepositoryTriggerCustomData",
                f"{name}: customData has at most {LONGEST_DATA} characters.",
            )
        _check_destination(name, trigger["destinationArn"], region)
        _check_branches(name, trigger.get("branches") or ())
        _check_events(name, trigger["events"])


def _check_destination(name: str, arn: str, region: str) -> None:
    found = _ARN.fullmatch(arn)
    if found is None:
        raise _invalid(
            "InvalidRepositoryTriggerDestinationArn",
            f"{name}: {arn!r} is the ARN of neither an SNS topic nor a Lambda function.",
        )
    if found["region"] != region:
        raise _invalid(
            "InvalidRepositoryTriggerRegion", f"{name}: {arn} is not in {region}, the repository's."
        )


def _check_branches(name: str, branches: Sequence[str]) -> None:
    if len(branches) > MOST_BRANCHES:
        raise _invalid(
            "MaximumBranchesExceeded", f"{name}: a trigger has at most {MOST_BRANCHES} branches."
        )
    for branch in branches:
        if not is_ref(branch):
            raise _invalid(
                "InvalidRepositoryTriggerBranchName", f"{name}: {branch!r} is no branch's name."
            )


def _check_events(name: str, events: Sequence[str]) -> None:
    if not events:
        raise _invalid("RepositoryTriggerEventsListRequired", f"{name}: events are required.")
    if any(event not in (ALL, *_EVENTS) for event in events) or (ALL in events and len(events) > 1):
        raise _invalid(
            "InvalidRepositoryTriggerEvents",
            f"{name}: events are {ALL}, or of {', '.join(_EVENTS)}.",
        )


def _invalid(code: str, message: str) -> AwsError:
    return AwsError(f"{code}Exception", message)
