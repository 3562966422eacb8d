"""Schedule expressions of rules as frozen values (TG-097)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 1970, 2199
_RATE = re.compile(r"rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.*)\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}


class ScheduleError(Exception):
    """What is wrong with an expression; AWS says no more than that it is not valid."""


class Rate(NamedTuple):
    minutes: int


class DaysOfMonth(NamedTuple):
    """`days` of 1 to 31; `nearest` are days whose nearest weekday is meant; `last` is the month's
    last day, `last_weekday` its last day from Monday to Friday."""

    days: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    last: bool = False
    last_weekday: bool = False


class DaysOfWeek(NamedTuple):
    """Days from 1, Sunday, to 7. `last` are meant at their last time in a month; `numbered` are
    pairs of a day and which one of the month it is."""

    days: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    numbered: frozenset[tuple[int, int]] = frozenset()


class Cron(NamedTuple):
    """In UTC."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: DaysOfMonth | DaysOfWeek
    months: frozenset[int]
    years: frozenset[int]


Schedule = Rate | Cron


def parse(text: str) -> Schedule:
    """Raises ScheduleError."""
    if found := _RATE.fullmatch(text):
        number = int(found[1])
        if (number == 1) == bool(found[3]):
            raise ScheduleError(f"{text}: the unit is in the singular for 1, and only then")
        return Rate(number * _MINUTES[found[2]])
    if found := _CRON.fullmatch(text):
        return read_cron(found[1].split())
    raise ScheduleError(f"{text}: neither rate(…) nor cron(…)")


def read_cron(fields: list[str]) -> Cron:
    """Of minutes, hours, days, months, days of the week, years. Raises ScheduleError."""
    if len(fields) != 6:
        raise ScheduleError("cron takes six fields")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ScheduleError("one of day-of-month and day-of-week has to be ?")
    return Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        _days_of_month(days) if weekdays == "?" else _days_of_week(weekdays),
        _numbers(months, 1, 12, _MONTHS),
        _numbers(years, FIRST_YEAR, LAST_YEAR),
    )


def _numbers(field: str, low: int, high: int, names: Mapping[str, int] = {}) -> frozenset[int]:
    return frozenset().union(*(_item(item, low, high, names) for item in field.split(",")))


def _item(item: str, low: int, high: int, names: Mapping[str, int]) -> range | list[int]:
    """`*`, `3`, `3-7`, `22-2` around the end, each with `/step`; `3/step` goes on to the end."""
    text, slash, step = item.partition("/")
    first, dash, last = text.partition("-")
    every = _number(step, 1, high, {}) if slash else 1
    if text == "*":
        return range(low, high + 1, every)
    start = _number(first, low, high, names)
    if not dash:
        return range(start, high + 1, every) if slash else [start]
    end = _number(last, low, high, names)
    if end >= start:
        return range(start, end + 1, every)
    return [(n - low) % (high + 1 - low) + low for n in range(start, end + high + 2 - low, every)]


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    if text.upper() in names:
        return names[text.upper()]
    if not re.fullmatch(r"[0-9]{1,4}", text) or not low <= int(text) <= high:
        raise ScheduleError(f"{text!r} is not between {low} and {high}")
    return int(text)


def _days_of_month(field: str) -> DaysOfMonth:
    days, nearest = set[int](), set[int]()
    items = field.split(",")
    for item in items:
        if item.endswith("W") and item != "LW":
            nearest.add(_number(item[:-1], 1, 31, {}))
        elif item not in ("L", "LW"):
            days |= set(_item(item, 1, 31, {}))
    return DaysOfMonth(frozenset(days), frozenset(nearest), "L" in items, "LW" in items)


def _days_of_week(field: str) -> DaysOfWeek:
    """`L` alone is the last day of the week, Saturday; `6L` the month's last Friday."""
    days, last, numbered = set[int](), set[int](), set[tuple[int, int]]()
    items = field.split(",")
    for item in items:
        day, number, which = item.partition("#")
        if number:
            numbered.add((_number(day, 1, 7, _DAYS), _number(which, 1, 5, {})))
        elif item == "L":
            days.add(7)
        elif item.endswith("L"):
            last.add(_number(item[:-1], 1, 7, _DAYS))
        else:
            days |= set(_item(item, 1, 7, _DAYS))
    if numbered and len(items) > 1:
        raise ScheduleError("a field with # has one item")
    return DaysOfWeek(frozenset(days), frozenset(last), frozenset(numbered))
