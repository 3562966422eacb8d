"""Who an action is when it does something itself, and how it says that it could not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from penstock.actions.contract import Failed, Later, Outcome, Start
from penstock.errors import AwsError
from penstock.flow.action_sessions import session_of
from penstock.state.calls import Call

_CODES: Mapping[str, str] = {
    "AccessDenied": "PermissionError",
    "AccessDeniedException": "PermissionError",
    "NoSuchBucket": "ConfigurationError",
    "NoSuchKey": "RevisionUnavailable",
    "NoSuchVersion": "RevisionUnavailable",
}


def call_of(start: Start, service: str, operation: str) -> Call:
    """A call of a real service here, made by the action."""
    return Call(
        service,
        operation,
        session_of(start),
        start.name.region,
        str(start.id),
        datetime.now(UTC),
        start.endpoint,
    )


def failed_by(error: AwsError, what: str) -> Failed:
    """The failure of an action that a service has refused something about `what`."""
    return Failed(_CODES.get(error.code, "JobFailed"), f"{what}: {error.code}: {error.message}")


def believed(start: Start, at: datetime) -> datetime:
    """What time it is at `at` for an action that waits, where waiting is made shorter."""
    return start.time_scale.believed(start.started, at)


def really(start: Start, outcome: Outcome) -> Outcome:
    """The outcome of such an action, by the clock that all others go by."""
    if isinstance(outcome, Later):
        return outcome._replace(at=start.time_scale.real(start.started, outcome.at))
    return outcome
