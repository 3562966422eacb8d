"""What GitHub delivers to a webhook's payloadUrl (CB-170…173)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from penstock.decide.webhooks import (
    Decision,
    Nothing,
    Unreadable,
    decide_build,
    read_delivery,
)
from penstock.documents.filter_groups import read_filter_groups
from penstock.errors import AwsError
from penstock.services.codebuild.errors import invalid, not_found
from penstock.store import Store
from penstock.store.webhooks import find_delivered, record_delivery, secret_about

HOOKSHOT = "GitHub-Hookshot"
MAX_DELIVERY_ID = 64


class WebhookBuild(NamedTuple):
    """A build to start. `token` is for idempotency: one delivery is one build, however often.

    `variables` (CODEBUILD_WEBHOOK_…) come beside the project's; no user may set such.
    """

    account: str
    region: str
    project: str
    source_version: str
    variables: Mapping[str, str]
    batch: bool
    initiator: str
    token: str


class Delivered(NamedTuple):
    """`build_arn` is None where nothing was to be built; `explanation` is a sentence a group."""

    build_arn: str | None
    explanation: tuple[str, ...]


Start = Callable[[WebhookBuild], Awaitable[str]]
"""Starts a build, or a batch of builds, and returns its ARN."""


async def deliver(
    store: Store,
    hook_id: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    start: Start,
) -> Delivered:
    """Takes a delivery; one that came before is answered as then, and starts nothing.

    `headers` are in lower case. Raises AwsError: 404 for a webhook that is not, 403 for a delivery
    that its secret did not sign, 400 for one that cannot be read, and what `start` raises, which
    leaves the delivery undone, to be delivered again.
    """
    delivery = headers.get("x-github-delivery", "")
    if not 0 < len(delivery) <= MAX_DELIVERY_ID:
        raise invalid("X-GitHub-Delivery is missing or too long")
    hook = await find_delivered(store.database, hook_id, delivery)
    if hook is None:
        raise not_found("There is no such webhook")
    secret = store.sealer.unseal(hook.secret, secret_about(hook_id))
    check_signature(secret, headers.get("x-hub-signature-256", ""), body)
    if hook.explanation is not None:
        return Delivered(hook.build_arn, tuple(hook.explanation))
    decision = decide(hook.document, headers.get("x-github-event", ""), body)
    if isinstance(decision, Nothing):
        build_arn = None
    else:
        build_arn = await start(
            WebhookBuild(
                hook.account,
                hook.region,
                hook.project,
                decision.source_version,
                decision.variables,
                batch=hook.document["buildType"] == "BUILD_BATCH",
                initiator=_initiator(headers.get("user-agent", "")),
                token=delivery,
            )
        )
    await record_delivery(
        store.database,
        hook_id,
        delivery,
        build_arn=build_arn,
        explanation=decision.explanation,
        now=now,
    )
    return Delivered(build_arn, decision.explanation)


def check_signature(secret: bytes, signature: str, body: bytes) -> None:
    """Compares in constant time. Raises AwsError (403)."""
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise AwsError(
            "AccessDeniedException",
            "X-Hub-Signature-256 is not of this body under the webhook's secret",
            403,
        )


def decide(webhook: Mapping[str, Any], event: str, body: bytes) -> Decision:
    """What a webhook's settings make of a payload. Raises AwsError (400)."""
    try:
        payload = json.loads(body)
        delivery = read_delivery(event, payload)
    except (ValueError, RecursionError):
        raise invalid("The payload is not JSON: set the content type application/json") from None
    except Unreadable as error:
        raise invalid(str(error)) from None
    if delivery is None:
        return Nothing((f"nothing is built for this {event}",))
    groups = read_filter_groups(webhook.get("filterGroups", ())).groups
    return decide_build(delivery, groups, webhook.get("branchFilter", ""))


def _initiator(user_agent: str) -> str:
    """CB-111: GitHub's agent has the first part of a commit in its name."""
    return user_agent if user_agent.startswith(f"{HOOKSHOT}/") else HOOKSHOT
