"""A rule that holds within a deployment window, and outside of it waits for it (CP-072)."""

from __future__ import annotations

from datetime import UTC, datetime

from penstock.actions.acting import believed, really
from penstock.actions.contract import Done, Failed, Later, Outcome, Start
from penstock.decide.deployment_windows import WindowError, look_at, opening, read_window, read_zone
from penstock.store import Store


async def start(store: Store, start: Start) -> Outcome:
    outcome = window_outcome(
        start._replace(deadline=believed(start, start.deadline)),
        believed(start, datetime.now(UTC)),
    )
    return really(start, outcome)


def window_outcome(start: Start, now: datetime) -> Outcome:
    asked = start.configuration
    try:
        window, zone = read_window(asked["Cron"]), read_zone(asked.get("TimeZone", ""))
    except WindowError as error:
        return Failed("ConfigurationError", str(error))
    opens = opening(window, zone, now)
    if opens is None:
        return Failed("JobFailed", f"The deployment window {asked['Cron']} does not open any more")
    if opens == now:
        return Done(summary=f"The deployment window {asked['Cron']} is open")
    said = f"The deployment window {asked['Cron']} opens at {opens:%Y-%m-%d %H:%M} UTC"
    if opens >= start.deadline:
        ends = f"{start.deadline.astimezone(UTC):%Y-%m-%d %H:%M}"
        return Failed("JobFailed", f"{said}, after the rule's time is over at {ends} UTC")
    return Later(look_at(opens, now), said)
