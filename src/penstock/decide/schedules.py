"""When a schedule is due next (TG-097). Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from penstock.documents.schedules import Cron, DaysOfMonth, DaysOfWeek, Rate, Schedule

SATURDAY, SUNDAY = 6, 7  # as date.isoweekday() has them


def next_time(schedule: Schedule, after: datetime, since: datetime) -> datetime | None:
    """The first time after an instant; None where there is none. Rates count from `since`."""
    if isinstance(schedule, Rate):
        interval = timedelta(minutes=schedule.minutes)
        try:
            return since + interval * max((after - since) // interval + 1, 1)
        except OverflowError:  # in more years than a date has
            return None
    return _next(schedule, after.astimezone(UTC))


def _next(cron: Cron, after: datetime) -> datetime | None:
    minutes, hours = sorted(cron.minutes), sorted(cron.hours)
    for day in _days(cron, after.date()):
        for hour in hours:
            for minute in minutes:
                found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                if found > after:
                    return found
    return None


def _days(cron: Cron, first: date) -> Iterator[date]:
    """The days it is due on, from `first` on."""
    for year in sorted(cron.years):
        for month in sorted(cron.months):
            if (year, month) >= (first.year, first.month):
                found = (date(year, month, day) for day in sorted(_of_month(cron, year, month)))
                yield from (day for day in found if day >= first)


def _of_month(cron: Cron, year: int, month: int) -> set[int]:
    length = monthrange(year, month)[1]
    if isinstance(cron.days, DaysOfMonth):
        return _by_number(cron.days, year, month, length)
    return _by_weekday(cron.days, date(year, month, 1), length)


def _by_number(rule: DaysOfMonth, year: int, month: int, length: int) -> set[int]:
    found = {day for day in rule.days if day <= length}
    found |= {_nearest(year, month, day, length) for day in rule.nearest if day <= length}
    if rule.last:
        found.add(length)
    if rule.last_weekday:
        found.add(_nearest(year, month, length, length))
    return found


def _nearest(year: int, month: int, day: int, length: int) -> int:
    """The weekday nearest to a day, in the same month."""
    weekday = date(year, month, day).isoweekday()
    if weekday == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _by_weekday(rule: DaysOfWeek, first: date, length: int) -> set[int]:
    found = set()
    for day in range(1, length + 1):
        weekday = (first.isoweekday() + day - 1) % 7 + 1  # Sunday is 1
        numbered = (weekday, (day + 6) // 7) in rule.numbered
        last = weekday in rule.last and day + 7 > length
        if weekday in rule.days or numbered or last:
            found.add(day)
    return found
