"""A rule about the state of an alarm, for some time (CP-073)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from penstock.actions.acting import believed, really
from penstock.actions.clients import AWAY, ask
from penstock.actions.contract import Done, Failed, Later, Outcome, Start
from penstock.decide.alarm_checks import Verdict, Watch, next_look, read_watch, verdict
from penstock.errors import AwsError
from penstock.store import Store


async def start(store: Store, start: Start) -> Outcome:
    try:
        watch = read_watch(
            start.configuration,
            start.started,
            believed(start, start.deadline),
            entering=_is_entry(start),
        )
    except ValueError as error:
        return Failed("ConfigurationError", str(error))
    now = believed(start, datetime.now(UTC))
    try:
        state = await ask(store, start, "cloudwatch", lambda client: _state(client, watch.alarm))
    except AwsError as error:
        if error.code == AWAY and now < watch.until:
            said = f"CloudWatch does not answer: {error.message}"
            return really(start, Later(next_look(watch, now), said))
        return Failed("JobFailed", f"CloudWatch: {error.code}: {error.message}")
    if state is None:
        return Failed("ConfigurationError", f"There is no alarm {watch.alarm}")
    return really(start, alarm_outcome(watch, state, now))


def alarm_outcome(watch: Watch, state: str, now: datetime) -> Outcome:
    said = f"The alarm {watch.alarm} is in the state {state}"
    found = verdict(watch, state, now)
    if found is Verdict.OPEN:
        return Later(next_look(watch, now), said)
    if found is Verdict.HOLDS:
        return Done(summary=said)
    return Failed("JobFailed", f"{said}; wanted is {' or '.join(sorted(watch.states))}")


def _is_entry(start: Start) -> bool:
    """Rules of one name may be in several conditions."""
    condition = start.stage.before_entry
    return condition is not None and any(rule is start.action for rule in condition.rules)


def _state(client: Any, alarm: str) -> str | None:
    answer = client.describe_alarms(
        AlarmNames=[alarm], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return next((one["StateValue"] for one in alarms if one["AlarmName"] == alarm), None)
