"""When a deployment window is open (CP-072): in each minute that its cron names. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from penstock.decide.schedules import next_time
from penstock.documents.schedules import Cron, ScheduleError, read_cron

_MINUTE = timedelta(minutes=1)
_LOOK = timedelta(hours=1)


class WindowError(ValueError):
    """What is wrong with a rule's Cron or TimeZone."""


def read_window(cron: str) -> Cron:
    """Of seconds, minutes, hours, days, months, days of the week and, perhaps, years. Raises
    WindowError."""
    fields = cron.split()
    if len(fields) not in (6, 7):
        raise WindowError(f"Cron {cron!r} has {len(fields)} fields; it takes 6, or 7 with years")
    if fields[0] != "*":
        raise WindowError(f"Cron {cron!r}: seconds can only be *")
    try:
        return read_cron([*fields[1:6], *(fields[6:] or ["*"])])
    except ScheduleError as error:
        raise WindowError(f"Cron {cron!r}: {error}") from None


def read_zone(name: str) -> tzinfo:
    """Raises WindowError."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WindowError(f"TimeZone {name!r} is not known; it is such as Europe/Paris") from None


def opening(window: Cron, zone: tzinfo, now: datetime) -> datetime | None:
    """`now` where the window is open, else when it opens next; None where it does so no more."""
    minute = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    # Schedules are of UTC, which no clock is set forward or back in: the wall's time stands for it.
    wall = minute.replace(tzinfo=UTC)
    found = next_time(window, wall - _MINUTE, wall)
    if found is None:
        return None
    if found == wall:
        return now
    opens = found.replace(tzinfo=zone).astimezone(UTC)
    return opens if opens > now else now + _MINUTE  # of an hour that is there twice


def look_at(opens: datetime, now: datetime) -> datetime:
    """When to look whether it is open: at times before it opens too, as clocks may be set."""
    return min(opens, now + _LOOK)
