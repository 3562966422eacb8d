"""Events and metrics of builds, written in the transaction that gives rise to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock.decide import build_signals
from penstock.state.recorded_builds import BuildName
from penstock.store.database import Connection
from penstock.store.events import Event, Point, record_event, record_points

Member = Mapping[str, Any]


async def tell_start(
    connection: Connection, name: BuildName, document: Member, now: datetime
) -> None:
    submitted = {**document, "currentPhase": "SUBMITTED"}
    await _tell(
        connection, name, build_signals.STATE_CHANGE, build_signals.state_change(submitted), now
    )
    await tell_phases(connection, name, submitted, document["phases"][:1], now)


async def tell_phases(
    connection: Connection,
    name: BuildName,
    document: Member,
    left: Sequence[Member],
    now: datetime,
) -> None:
    """CB-181: one event for each phase that was left."""
    for phase in left:
        detail = build_signals.phase_change(document, phase)
        await _tell(connection, name, build_signals.PHASE_CHANGE, detail, now)


async def tell_end(
    connection: Connection, name: BuildName, document: Member, now: datetime
) -> None:
    """CB-180, CB-182"""
    await _tell(
        connection, name, build_signals.STATE_CHANGE, build_signals.state_change(document), now
    )
    points = [
        Point(
            name.account, name.region, "AWS/CodeBuild", found.name, dimensions, now,
            found.value, found.unit,
        )
        for found in build_signals.metrics(document)
        for dimensions in ({}, {"ProjectName": name.project})
    ]  # fmt: skip
    await record_points(connection, points)


async def _tell(
    connection: Connection, name: BuildName, detail_type: str, detail: Member, now: datetime
) -> None:
    await record_event(
        connection,
        Event(name.account, name.region, "aws.codebuild", detail_type, (name.arn,), now, detail),
    )
