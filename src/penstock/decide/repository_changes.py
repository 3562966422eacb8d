"""What has become of a repository's branches and tags, and who is to be told (TG-135…138)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.state.recorded_repositories import BRANCH, RefChange, Repository

STATE_CHANGE = "CodeCommit Repository State Change"
ALL = "all"
_LIKELY = ("main", "master")

Refs = Mapping[str, str]
"""The commit of each branch and tag, by full name."""


def changes_of(
    repository: Repository, recorded: Refs, found: Refs, caller: str
) -> tuple[RefChange, ...]:
    """In the order of names."""
    return tuple(
        RefChange(repository, ref, recorded.get(ref), found.get(ref), caller)
        for ref in sorted({*recorded, *found})
        if recorded.get(ref) != found.get(ref)
    )


def default_branch(known: str | None, head: str, found: Refs) -> str | None:
    """TG-135: the first branch there is, and then the same one for as long as it is there.

    `head` is the branch that HEAD names. Of several that came at once it is that, or `main`.
    """
    branches = [ref.removeprefix(BRANCH) for ref in found if ref.startswith(BRANCH)]
    for likely in (known, head, *_LIKELY):
        if likely in branches:
            return likely
    return min(branches, default=None)


def state_change(change: RefChange) -> dict[str, str]:
    """The detail of the event that EventBridge gets (TG-137)."""
    detail = {
        "event": f"reference{_verb(change)}",
        "repositoryName": change.repository.name,
        "repositoryId": str(change.repository.id),
        "referenceType": change.kind,
        "referenceName": change.name,
        "referenceFullName": change.ref,
        "callerUserArn": change.caller,
    }
    if change.after is not None:
        detail["commitId"] = change.after
    if change.before is not None:
        detail["oldCommitId"] = change.before
    return detail


def _verb(change: RefChange) -> str:
    if change.before is None:
        return "Created"
    return "Deleted" if change.after is None else "Updated"


_EVENTS = {"Created": "createReference", "Updated": "updateReference", "Deleted": "deleteReference"}


def triggered(trigger: Mapping[str, Any], changes: Sequence[RefChange]) -> list[RefChange]:
    """The changes that a repository's trigger is about (TG-138); tags are of no branch."""
    return [change for change in changes if _is_about(trigger, change)]


def _is_about(trigger: Mapping[str, Any], change: RefChange) -> bool:
    branches, events = trigger.get("branches") or [], trigger["events"]
    if branches and not (change.kind == "branch" and change.name in branches):
        return False
    return ALL in events or _EVENTS[_verb(change)] in events


def trigger_message(
    repository: Repository,
    trigger: Mapping[str, Any],
    references: Sequence[Mapping[str, Any]],
    caller: str,
    event_id: str,
    now: datetime,
    event: str = "ReferenceChanges",
) -> dict[str, Any]:
    """What SNS or Lambda gets (TG-138)."""
    record = {
        "awsRegion": repository.region,
        "codecommit": {"references": list(references)},
        "customData": trigger.get("customData"),
        "eventId": event_id,
        "eventName": event,
        "eventPartNumber": 1,
        "eventSource": "aws:codecommit",
        "eventSourceARN": repository.arn,
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}+0000",
        "eventTotalParts": 1,
        "eventTriggerConfigId": str(repository.triggers_id),
        "eventTriggerName": trigger["name"],
        "eventVersion": "1.0",
        "userIdentityARN": caller,
    }
    return {"Records": [{key: value for key, value in record.items() if value is not None}]}


def reference_of(change: RefChange) -> dict[str, Any]:
    """A reference in a trigger's message; of one that is gone, the commit it had."""
    reference: dict[str, Any] = {"commit": change.after or change.before, "ref": change.ref}
    if change.before is None:
        reference["created"] = True
    if change.after is None:
        reference["deleted"] = True
    return reference
