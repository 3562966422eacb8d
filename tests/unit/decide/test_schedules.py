"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.decide.schedules import next_time
from penstock.documents.schedules import Cron, DaysOfMonth, Rate, parse

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("cron(0 12 * * ? *)", "2026-03-02T12:00"),
        ("cron(1 12 * * ? *)", "2026-03-01T12:01"),
        ("cron(0/15 * * * ? *)", "2026-03-01T12:15"),
        ("cron(0 2 ? * SAT *)", "2026-03-07T02:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-03-02T18:00"),
        ("cron(0 8 1 * ? *)", "2026-04-01T08:00"),
        ("cron(15 10 ? * 6L *)", "2026-03-27T10:15"),
        ("cron(0 2 ? * SAT#3 *)", "2026-03-21T02:00"),
        ("cron(0 0 L * ? *)", "2026-03-31T00:00"),
        ("cron(0 0 LW 5 ? *)", "2026-05-29T00:00"),
        ("cron(0 0 1W * ? *)", "2026-03-02T00:00"),
        ("cron(0 0 15W 8 ? *)", "2026-08-14T00:00"),
        ("cron(0 0 31W 5 ? *)", "2026-05-29T00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00"),
        ("cron(0 0 ? * 2#5 *)", "2026-03-30T00:00"),
        ("cron(59 23 31 12 ? 2199)", "2199-12-31T23:59"),
    ],
)
def test_times(text: str, due: str) -> None:
    """TG-097"""
    assert next_time(parse(text), NOON, EPOCH) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["cron(0 0 30 2 ? *)", "cron(0 0 1 1 ? 2025)", "rate(999999999 days)"]
)
def test_some_are_never_due(text: str) -> None:
    assert next_time(parse(text), NOON, EPOCH) is None


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "0/20", "5,50", "58-3"]),
    st.sampled_from(["*", "0", "23", "8-9", "22-1"]),
    st.sampled_from(["* * ?", "1,31 * ?", "L * ?", "15W * ?", "LW 2,12 ?", "? * MON", "? * 6L",
                     "? * 1#1", "? 2-3 SAT-SUN", "29 2 ?"]),
    st.sampled_from(["*", "2024-2030/2"]),
)  # fmt: skip
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))


def is_due(cron: Cron, at: datetime) -> bool:
    """By itself, a minute at a time, without a look at other minutes."""
    in_time = at.minute in cron.minutes and at.hour in cron.hours
    return in_time and at.month in cron.months and at.year in cron.years and _on(cron, at)


def _on(cron: Cron, at: datetime) -> bool:
    day, weekday = at.day, at.isoweekday() % 7 + 1
    week = timedelta(days=7)
    if not isinstance(cron.days, DaysOfMonth):
        last = weekday in cron.days.last and (at + week).month != at.month
        nth = sum((at - n * week).month == at.month for n in range(5))
        return weekday in cron.days.days or last or (weekday, nth) in cron.days.numbered
    ends = (at + timedelta(days=1)).month != at.month
    wanted = {(day, 0)}
    if weekday == 2:
        wanted |= {(day - 1, 0)} | ({(1, 0)} if day == 3 else set())
    if weekday == 6:
        wanted |= {(day + 1, 0)}
    by_nearest = 2 <= weekday <= 6 and any((n, 0) in wanted for n in cron.days.nearest)
    later = [at + timedelta(days=n) for n in (1, 2, 3)]
    weekdays_left = any(one.month == at.month and one.isoweekday() < 6 for one in later)
    last_weekday = cron.days.last_weekday and 2 <= weekday <= 6 and not weekdays_left
    return day in cron.days.days or by_nearest or (cron.days.last and ends) or last_weekday


@settings(max_examples=100, deadline=None)
@given(FIELDS, TIMES)
def test_the_next_time_is_due_and_none_before_it_is(
    fields: tuple[str, ...], after: datetime
) -> None:
    """TG-097"""
    cron = parse(f"cron({' '.join(fields)})")
    assert isinstance(cron, Cron)
    found = next_time(cron, after, EPOCH)
    if found is not None:
        assert found > after
        assert is_due(cron, found)
    minute = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
    for _ in range(5_000):  # half a week
        if minute == found:
            break
        assert not is_due(cron, minute)
        minute += timedelta(minutes=1)


@given(st.integers(1, 10_000), TIMES, TIMES)
def test_a_rate_keeps_to_its_beats(minutes: int, after: datetime, since: datetime) -> None:
    """TG-097"""
    interval = timedelta(minutes=minutes)
    found = next_time(Rate(minutes), after, since)
    assert found is not None
    assert found > max(after, since)
    assert (found - since) % interval == timedelta(0)
    assert found - interval <= max(after, since)
