"""Whether a delivery of GitHub starts a build, and with what (CB-115, CB-170…173).

`read_delivery` reads what filters and variables ask of a payload, `decide_build` puts the filter
groups to it. A build starts where any group passes; a group passes where all its filters do.

| GitHub's event, action | AWS's event | builds |
| --- | --- | --- |
| push | PUSH | the commit pushed; nothing where the ref was deleted |
| pull_request opened, reopened, synchronize | PULL_REQUEST_CREATED, _REOPENED, _UPDATED | pr/N |
| pull_request closed, merged or not | PULL_REQUEST_MERGED, _CLOSED | pr/N |
| release released, prereleased | RELEASED, PRERELEASED | the tag |
| workflow_job queued | WORKFLOW_JOB_QUEUED | the job's commit |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from penstock.documents.filter_groups import FilterGroup, FilterType, PatternFilter, WebhookEvent

Payload = Mapping[str, Any]


class Unreadable(Exception):
    """A payload lacks what GitHub says an event has."""


class Delivery(NamedTuple):
    """A GitHub event as AWS sees it.

    `texts` has what each filter type looks at; a type that is not in it cannot be told from the
    payload. `source_version` is what a build of it builds.
    """

    event: WebhookEvent
    trigger: str
    source_version: str
    actor: str
    head_ref: str = ""
    base_ref: str = ""
    previous_commit: str = ""
    texts: Mapping[FilterType, Sequence[str]] = {}


class Build(NamedTuple):
    """Start a build of `source_version`; `variables` in the order of CB-115."""

    source_version: str
    variables: Mapping[str, str]
    explanation: tuple[str, ...]


class Nothing(NamedTuple):
    """Start none; a sentence for each group says why."""

    explanation: tuple[str, ...]


Decision = Build | Nothing

_PULL_REQUEST = {
    "opened": WebhookEvent.PULL_REQUEST_CREATED,
    "reopened": WebhookEvent.PULL_REQUEST_REOPENED,
    "synchronize": WebhookEvent.PULL_REQUEST_UPDATED,
}
_RELEASE = {"released": WebhookEvent.RELEASED, "prereleased": WebhookEvent.PRERELEASED}
_LEGACY = (  # what a webhook without filter groups builds
    WebhookEvent.PUSH,
    WebhookEvent.PULL_REQUEST_CREATED,
    WebhookEvent.PULL_REQUEST_UPDATED,
    WebhookEvent.PULL_REQUEST_REOPENED,
)
_NO_COMMIT = "0" * 40


def read_delivery(event: str, payload: Payload) -> Delivery | None:
    """`event` is X-GitHub-Event; None for what no filter can name. Raises Unreadable."""
    read = _READERS.get(event)
    if read is None:
        return None
    try:
        delivery = read(payload)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"The payload is not of a {event} event: {error!r}") from None
    if delivery is not None and not _is_of_text(delivery):
        raise Unreadable(f"The payload is not of a {event} event: not all of it is text")
    return delivery


def decide_build(
    delivery: Delivery, groups: Sequence[FilterGroup], branch_filter: str = ""
) -> Decision:
    """`branch_filter` is the legacy expression on branches, empty for all (CB-173)."""
    if not groups:
        return _decide_legacy(delivery, branch_filter)
    refusals: list[str] = []
    for number, group in enumerate(groups, 1):
        refusal = _refusal(group, delivery)
        if refusal is None:
            return Build(
                delivery.source_version,
                variables_of(delivery),
                (*refusals, f"filter group {number} passes"),
            )
        refusals.append(f"filter group {number}: {refusal}")
    return Nothing(tuple(refusals))


def variables_of(delivery: Delivery) -> dict[str, str]:
    """CB-115: CODEBUILD_WEBHOOK_…, those that have a value."""
    values = {
        "TRIGGER": delivery.trigger,
        "EVENT": str(delivery.event),
        "HEAD_REF": delivery.head_ref,
        "BASE_REF": delivery.base_ref,
        "ACTOR_ACCOUNT_ID": delivery.actor,
        "PREV_COMMIT": delivery.previous_commit,
    }
    return {f"CODEBUILD_WEBHOOK_{name}": value for name, value in values.items() if value}


def _decide_legacy(delivery: Delivery, branch_filter: str) -> Decision:
    branch = delivery.head_ref.removeprefix("refs/heads/")
    if delivery.event not in _LEGACY:
        return Nothing((f"without filter groups no build starts for {delivery.event}",))
    if branch_filter and branch == delivery.head_ref:
        return Nothing((f"{delivery.head_ref} is no branch",))
    if not re.search(branch_filter, branch):
        return Nothing((f"branch filter {branch_filter!r} does not match {branch}",))
    return Build(delivery.source_version, variables_of(delivery), ("the branch filter passes",))


def _refusal(group: FilterGroup, delivery: Delivery) -> str | None:
    """Why a group does not pass; None where it does."""
    if not all(one.passes(delivery.event) for one in group.events):
        return f"{delivery.event} is none of its events"
    return next(filter(None, (_objection(one, delivery) for one in group.patterns)), None)


def _objection(one: PatternFilter, delivery: Delivery) -> str | None:
    texts = delivery.texts.get(one.type)
    if texts is None:
        return f"{one.type} cannot be told from the payload of {delivery.event}"
    if one.passes(texts):
        return None
    verb = "matches" if one.exclude else "does not match"
    shown = ", ".join(texts[:3]) + (", …" if len(texts) > 3 else "")
    return f"{one.type} {one.pattern.pattern!r} {verb} {shown or 'nothing'}"


def _push(payload: Payload) -> Delivery | None:
    ref, before = payload["ref"], payload["before"]
    if payload["deleted"]:
        return None
    head = payload["head_commit"]
    changed = dict.fromkeys(
        path
        for commit in payload["commits"]
        for kind in ("added", "modified", "removed")
        for path in commit[kind]
    )
    return Delivery(
        event=WebhookEvent.PUSH,
        trigger=_trigger(ref),
        source_version=head["id"],
        actor=_actor(payload),
        head_ref=ref,
        previous_commit="" if before == _NO_COMMIT else before,
        texts={
            **_of_everything(payload),
            FilterType.HEAD_REF: (ref,),
            FilterType.FILE_PATH: tuple(changed),
            FilterType.COMMIT_MESSAGE: (head["message"],),
        },
    )


def _pull_request(payload: Payload) -> Delivery | None:
    request, action = payload["pull_request"], payload["action"]
    event = _PULL_REQUEST.get(action)
    if action == "closed":
        merged = request["merged"]
        event = WebhookEvent.PULL_REQUEST_MERGED if merged else WebhookEvent.PULL_REQUEST_CLOSED
    if event is None:
        return None
    head, base = f"refs/heads/{request['head']['ref']}", f"refs/heads/{request['base']['ref']}"
    version = f"pr/{request['number']}"
    return Delivery(
        event=event,
        trigger=version,
        source_version=version,
        actor=_actor(payload),
        head_ref=head,
        base_ref=base,
        texts={
            **_of_everything(payload),
            FilterType.HEAD_REF: (head,),
            FilterType.BASE_REF: (base,),
        },
    )


def _release(payload: Payload) -> Delivery | None:
    event = _RELEASE.get(payload["action"])
    if event is None:
        return None
    release = payload["release"]
    tag = release["tag_name"]
    return Delivery(
        event=event,
        trigger=f"tag/{tag}",
        source_version=tag,
        actor=_actor(payload),
        head_ref=f"refs/tags/{tag}",
        texts={
            **_of_everything(payload),
            FilterType.TAG_NAME: (tag,),
            FilterType.RELEASE_NAME: (release["name"] or "",),
        },
    )


def _workflow_job(payload: Payload) -> Delivery | None:
    if payload["action"] != "queued":
        return None
    job = payload["workflow_job"]
    ref = f"refs/heads/{job['head_branch']}" if job["head_branch"] else ""
    return Delivery(
        event=WebhookEvent.WORKFLOW_JOB_QUEUED,
        trigger=_trigger(ref),
        source_version=job["head_sha"],
        actor=_actor(payload),
        head_ref=ref,
        texts={
            **_of_everything(payload),
            FilterType.WORKFLOW_NAME: (job["workflow_name"] or "",),
        },
    )


_READERS = {
    "push": _push,
    "pull_request": _pull_request,
    "release": _release,
    "workflow_job": _workflow_job,
}


def _of_everything(payload: Payload) -> dict[FilterType, Sequence[str]]:
    organization = payload.get("organization")
    return {
        FilterType.ACTOR_ACCOUNT_ID: (_actor(payload),),
        FilterType.REPOSITORY_NAME: (payload["repository"]["name"],),
        FilterType.ORGANIZATION_NAME: (organization["login"],) if organization else (),
    }


def _is_of_text(delivery: Delivery) -> bool:
    seen = (delivery.source_version, delivery.previous_commit, delivery.head_ref)
    looked_at = (text for texts in delivery.texts.values() for text in texts)
    return all(isinstance(text, str) and _is_storable(text) for text in (*seen, *looked_at))


def _is_storable(text: str) -> bool:
    """No variable of a process holds NUL, and JSON may carry half characters."""
    return "\0" not in text and text == text.encode("utf-8", "replace").decode()


def _actor(payload: Payload) -> str:
    return str(payload["sender"]["id"])


def _trigger(ref: str) -> str:
    for prefix, kind in (("refs/heads/", "branch/"), ("refs/tags/", "tag/")):
        if ref.startswith(prefix):
            return kind + ref.removeprefix(prefix)
    return ref
