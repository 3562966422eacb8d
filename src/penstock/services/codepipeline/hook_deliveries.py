"""What is delivered to a webhook's URL (CP-104…106)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

from penstock.decide.webhook_filters import objections
from penstock.documents.json_paths import PathError, looks_around
from penstock.documents.pipelines import Action
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.flow.triggers import begin_or_say
from penstock.services.codepipeline.errors import invalid, pipeline_not_found
from penstock.state.pipelines import Cause
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store
from penstock.store.pipeline_webhooks import (
    WebhookName,
    find_webhook,
    note_error,
    note_triggered,
    secret_about,
)
from penstock.store.pipelines import find_pipeline
from penstock.store.triggers import Listener, Verdict, record_verdict

LONGEST_ID = 64  # of a delivery
SEARCHED = 1 << 20  # bytes of a payload that filters may look through
FORM = "application/x-www-form-urlencoded"
_SIGNATURES = (("x-hub-signature-256", "sha256"), ("x-hub-signature", "sha1"))
_LOOKING = ThreadPoolExecutor(2, "filters")
"""Filters that look everywhere in a large payload take a while; other requests go on."""


class Delivery(NamedTuple):
    """`headers` are in lower case; `peer` is the address that it comes from."""

    headers: Mapping[str, str]
    body: bytes
    peer: str


class Delivered(NamedTuple):
    """`execution` is None where nothing was to be started; `explanation` says why."""

    execution: UUID | None
    explanation: tuple[str, ...]


class _Target(NamedTuple):
    listener: Listener
    action: Action


async def deliver(store: Store, hook_id: str, delivery: Delivery, now: datetime) -> Delivered:
    """Takes a delivery; with an X-GitHub-Delivery that came before it is answered as then, and
    starts nothing.

    Raises AwsError: 404 for a webhook that is not, or whose pipeline is not, 403 for a delivery
    that is not authentic, 400 for one that cannot be read, 409 where the pipeline cannot start.
    """
    hook = await find_webhook(store.database, hook_id)
    if hook is None:
        raise AwsError("WebhookNotFoundException", "There is no such webhook", 404)
    _authenticate(store, hook, delivery)
    if delivery.headers.get("x-github-event") == "ping":
        return Delivered(None, ("pong",))
    try:
        _check_size(hook, delivery)
        payload = read_payload(delivery)
        target = await _target(store, hook)
        loop = asyncio.get_running_loop()
        against = await loop.run_in_executor(_LOOKING, _objections, hook, target.action, payload)
        return await _take(store, hook, target, delivery, payload, against, now)
    except AwsError as error:
        await note_error(store.database, hook_id, error)
        raise


def _authenticate(store: Store, hook: Any, delivery: Delivery) -> None:
    kind = hook.definition["authentication"]
    if kind == "GITHUB_HMAC":
        secret = store.sealer.unseal(bytes(hook.secret), secret_about(hook.id))
        check_signature(secret, delivery)
    elif kind == "IP":
        allowed = hook.definition["authenticationConfiguration"]["AllowedIPRange"]
        if not is_within(delivery.peer, allowed):
            raise AwsError(
                "AccessDeniedException", f"The address {delivery.peer} is not in {allowed}", 403
            )


def check_signature(secret: bytes, delivery: Delivery) -> None:
    """By the better of the signatures that there are, in constant time. Raises AwsError (403)."""
    for header, algorithm in _SIGNATURES:
        if header in delivery.headers:
            digest = hmac.new(secret, delivery.body, getattr(hashlib, algorithm)).hexdigest()
            expected = f"{algorithm}={digest}"
            if hmac.compare_digest(expected.encode(), delivery.headers[header].encode()):
                return
            raise AwsError(
                "AccessDeniedException", f"{header} is not of this body under the secret", 403
            )
    raise AwsError(
        "AccessDeniedException",
        "The delivery is not signed: give the webhook at the repository the secret of this one",
        403,
    )


def is_within(peer: str, allowed: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address) in ip_network(allowed)


def read_payload(delivery: Delivery) -> Any:
    """JSON, as it is or in a form's field `payload`. Raises AwsError (400)."""
    body: bytes | str = delivery.body
    try:
        if delivery.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            text = delivery.body.decode()
            body = parse_qs(text, strict_parsing=True, max_num_fields=10)["payload"][0]
        return json.loads(body)
    except (ValueError, RecursionError, KeyError):
        raise invalid(
            "The payload is not JSON: set the content type application/json at the repository"
        ) from None


def _check_size(hook: Any, delivery: Delivery) -> None:
    """Raises AwsError (413)."""
    paths = [one["jsonPath"] for one in hook.definition["filters"]]
    searching = next(filter(looks_around, paths), None)
    if searching is not None and len(delivery.body) > SEARCHED:
        raise AwsError(
            "ValidationException",
            f"The filter {searching} is for payloads of at most {SEARCHED} bytes, as it looks"
            f" through all of one; this one has {len(delivery.body)}",
            413,
        )


async def _target(store: Store, hook: Any) -> _Target:
    wanted = hook.definition
    name = PipelineName(hook.account, hook.region, wanted["targetPipeline"])
    row = await find_pipeline(store.database, name)
    if row is None:
        error = pipeline_not_found(name)
        raise AwsError(error.code, error.message, 404)
    actions = pipeline_of(row.document).stages[0].actions
    action = next((one for one in actions if one.name == wanted["targetAction"]), None)
    if action is None:
        raise AwsError(
            "ActionNotFoundException",
            f"The first stage of pipeline '{name.name}' has no action '{wanted['targetAction']}'",
            404,
        )
    return _Target(Listener(row.id, name, row.document), action)


def _objections(hook: Any, action: Action, payload: Any) -> list[str]:
    try:
        return objections(hook.definition["filters"], action.configuration, payload)
    except PathError as error:
        return [f"a filter cannot be used: {error}"]


async def _take(
    store: Store,
    hook: Any,
    target: _Target,
    delivery: Delivery,
    payload: Any,
    against: list[str],
    now: datetime,
) -> Delivered:
    cause = Cause("Webhook", WebhookName(hook.account, hook.region, hook.name).arn)
    told = delivery.headers.get("x-github-delivery", "")
    token = f"webhook:{hook.id}:{told}" if 0 < len(told) <= LONGEST_ID else ""
    async with store.database.transaction() as connection:
        run, reasons, error = None, tuple(against), None
        if not against:
            run, reasons, error = await begin_or_say(
                connection, target.listener, cause, ("all its filters pass",), now, token=token
            )
        verdict = Verdict(
            target.listener.id,
            target.action.name,
            f"a delivery to webhook {hook.name}",
            _commit_of(payload),
            run,
            reasons,
        )
        await record_verdict(connection, verdict, now)
        if run is not None:
            await note_triggered(connection, hook.id, now)
    if error is not None:
        raise AwsError(error.code, error.message, 409)
    return Delivered(run, reasons)


def _commit_of(payload: Any) -> str:
    """The commit that a payload of GitHub's is about, for whoever asks for it; "" of others."""
    commit = payload.get("after") if isinstance(payload, dict) else None
    return commit if isinstance(commit, str) else ""
