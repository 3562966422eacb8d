"""Deliveries of events, as far as they concern what `flow` does not know: services and calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from procrastinate import App

from penstock.errors import AwsError
from penstock.flow.build_starts import StartOrder
from penstock.flow.event_delivery import DELIVER, Outside, deliver
from penstock.flow.event_routing import QUEUE, ROUTE, route
from penstock.services.codebuild.build_rules import check_build, check_request
from penstock.services.codebuild.words import check_words
from penstock.store import Store
from penstock.store.event_deliveries import QUEUE as DELIVERIES
from penstock.wire.catalogue import load_model
from penstock.worker.event_calls import Calls
from penstock.worker.patience import patiently

EVENT_QUEUES = ((QUEUE, 2), (DELIVERIES, 8))
"""Queues, and how many of its jobs a worker has in hand at a time. Most deliveries wait for an
answer."""


def add_tasks(app: App, store: Store) -> None:
    calls = Calls(store)
    outside = Outside(build_order, calls.send, calls.bury)

    @app.task(name=ROUTE, queue=QUEUE)
    async def route_event(event: int) -> None:
        await patiently(lambda: route(store, event, datetime.now(UTC)))

    @app.task(name=DELIVER, queue=DELIVERIES)
    async def deliver_event(delivery: str) -> None:
        await patiently(lambda: deliver(store, UUID(delivery), outside, datetime.now(UTC)))


def build_order(row: Any, now: datetime) -> StartOrder:
    """The build that a delivery is to start: its input has members of StartBuild's (TG-098).

    Raises AwsError where these are not as StartBuild takes them.
    """
    _, _, _, region, account, project = row.target["Arn"].split(":", 5)
    request = _request(row.input)
    check_words("StartBuildInput", request)
    check_request(request)
    return StartOrder(
        account,
        region,
        project.removeprefix("project/"),
        request,
        f"rule/{row.rule_arn.rpartition('/')[2]}",
        now,
        token=str(row.id),
        check=partial(check_build, request=request, account=account),
    )


def _request(text: str) -> dict[str, Any]:
    """The members of an input that StartBuild has; an event's own are none of them."""
    from botocore.validate import ParamValidator

    shape = load_model("codebuild").operation_model("StartBuild").input_shape
    given = _object(text)
    known = {
        name: given[name]
        for name in shape.members
        if name in given and name not in ("projectName", "idempotencyToken")
    }
    problems = ParamValidator().validate({**known, "projectName": "-"}, shape)
    if problems.has_errors():
        raise AwsError("InvalidInputException", problems.generate_report())
    return known


def _object(text: str) -> Mapping[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
