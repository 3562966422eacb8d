"""Schedule expressions as they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.schedules import (
    Cron,
    DaysOfMonth,
    DaysOfWeek,
    Rate,
    ScheduleError,
    parse,
)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("rate(1 minute)", 1),
        ("rate(5 minutes)", 5),
        ("rate(1 hour)", 60),
        ("rate(12 hours)", 720),
        ("rate(1 day)", 1440),
        ("rate(7 days)", 10080),
    ],
)
def test_rates(text: str, minutes: int) -> None:
    """TG-097"""
    assert parse(text) == Rate(minutes)


@pytest.mark.parametrize(
    "text",
    ["rate(1 minutes)", "rate(10 minute)", "rate(0 minutes)", "rate(-10 minutes)", "rate()",
     "rate(10)", "rate(10 seconds)", "rate(10 years)", "rate(10 minutess)", "rate(foo minutes)",
     "rate(10 MINUTES)", "rate( 10 minutes )", " rate(10 minutes)", "RATE(10 minutes)", "at(x)",
     "cron(0 1 * * * *)", "cron(7 20 * * NOT *)", "cron(INVALID)", "cron(0 dummy ? * MON-FRI *)",
     "cron(71 8 1 * ? *)", "cron(0 12 ? * ? *)", "cron(0 12 * * ?)", "cron(0 24 * * ? *)",
     "cron(0 12 0 * ? *)", "cron(0 12 32 * ? *)", "cron(0 12 * 13 ? *)", "cron(0 12 ? * 8 *)",
     "cron(0 12 ? * 0 *)", "cron(0 12 ? * 2#6 *)", "cron(0 12 ? * 2#1,3#2 *)",
     "cron(0 12 * * ? 1969)", "cron(0 12 * * ? 2200)", "cron(0/0 12 * * ? *)", "cron(, 12 * * ? *)",
     "cron(1- 12 * * ? *)", "cron(? 12 * * ? *)", "cron(0 12 W * ? *)"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: str) -> None:
    """TG-097"""
    with pytest.raises(ScheduleError):
        parse(text)


def days_of(field: str) -> DaysOfMonth | DaysOfWeek:
    found = parse(f"cron(0 0 {field} *)")
    assert isinstance(found, Cron)
    return found.days


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1,15 * ?", DaysOfMonth(frozenset({1, 15}))),
        ("28-3 * ?", DaysOfMonth(frozenset({28, 29, 30, 31, 1, 2, 3}))),
        ("25/3 * ?", DaysOfMonth(frozenset({25, 28, 31}))),
        ("L * ?", DaysOfMonth(last=True)),
        ("LW * ?", DaysOfMonth(last_weekday=True)),
        ("3W * ?", DaysOfMonth(nearest=frozenset({3}))),
        ("? * MON-FRI", DaysOfWeek(frozenset({2, 3, 4, 5, 6}))),
        ("? * SUN", DaysOfWeek(frozenset({1}))),
        ("? * fri-MON", DaysOfWeek(frozenset({6, 7, 1, 2}))),
        ("? * L", DaysOfWeek(frozenset({7}))),
        ("? * 6L", DaysOfWeek(last=frozenset({6}))),
        ("? * SAT#3", DaysOfWeek(numbered=frozenset({(7, 3)}))),
    ],
)
def test_days(field: str, days: DaysOfMonth | DaysOfWeek) -> None:
    """TG-097: SUN is 1"""
    assert days_of(field) == days


def test_lists_ranges_and_steps() -> None:
    """TG-097"""
    found = parse("cron(0/15,7 8-10 * JAN,3-5 ? 2026-2030/2)")
    assert isinstance(found, Cron)
    assert found.minutes == {0, 7, 15, 30, 45}
    assert found.hours == {8, 9, 10}
    assert found.months == {1, 3, 4, 5}
    assert found.years == {2026, 2028, 2030}


@given(st.text(st.sampled_from("cron(ate) 0123456789*/?,-LW#MONJAN"), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for tried in (text, f"cron({text})", f"rate({text})"):
        try:
            parse(tried)
        except ScheduleError as error:
            assert str(error)
