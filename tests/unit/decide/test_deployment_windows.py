from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from penstock.decide.deployment_windows import WindowError, look_at, opening, read_window, read_zone

OFFICE = "* * 9-16 ? * MON-FRI"
SUNDAY = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
MONDAY = SUNDAY + timedelta(days=1)


def opens(cron: str, now: datetime, zone: str = "") -> datetime | None:
    return opening(read_window(cron), read_zone(zone), now)


def test_a_window_is_open_in_the_minutes_that_its_cron_names() -> None:
    """CP-072"""
    assert opens(OFFICE, MONDAY) == MONDAY
    last = MONDAY.replace(hour=16, minute=59, second=59)
    assert opens(OFFICE, last) == last
    assert opens(OFFICE, last + timedelta(seconds=1)) == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def test_outside_it_opens_next_at_a_whole_minute() -> None:
    """CP-072"""
    assert opens(OFFICE, SUNDAY) == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert opens("* 1 12 ? * *", SUNDAY) == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    assert opens("* 30 12 ? * *", SUNDAY) == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* 0 0 L * ?", (2026, 3, 31)),
        ("* 0 0 15W * ?", (2026, 3, 16)),
        ("* 0 0 ? * MON#2", (2026, 3, 9)),
        ("* 0 0 ? * 6L", (2026, 3, 27)),
        ("* 0 0 1 JAN ? 2028", (2028, 1, 1)),
    ],
)
def test_days_are_named_in_crons_own_ways(cron: str, expected: tuple[int, int, int]) -> None:
    """CP-072"""
    assert opens(cron, SUNDAY) == datetime(*expected, tzinfo=UTC)


def test_the_time_is_that_of_the_zone() -> None:
    """CP-072"""
    found = opens(OFFICE, MONDAY.replace(hour=6), "Asia/Tokyo")
    assert found == MONDAY.replace(hour=6)
    assert opens(OFFICE, MONDAY.replace(hour=9), "Asia/Tokyo") == datetime(
        2026, 3, 3, 0, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("day", [8, 1])
def test_clocks_that_are_set_do_not_keep_it_closed(day: int) -> None:
    """On 8 March 2026 New York has no 02:30, on 1 November it has 01:30 twice."""
    zone = ZoneInfo("America/New_York")
    month, hour = (3, 2) if day == 8 else (11, 1)
    window = read_window(f"* 30 {hour} ? * *")
    now = datetime(2026, month, day, 0, 10, tzinfo=zone).astimezone(UTC)
    for _ in range(60):
        found = opening(window, zone, now)
        assert found is not None
        if found == now:
            break
        assert found > now
        now = look_at(found, now)
    wall = now.astimezone(zone)
    assert (wall.hour, wall.minute) == (hour, 30)
    assert wall.day == day or month == 3


def test_a_window_of_the_past_opens_no_more() -> None:
    """CP-072"""
    assert opens("* * * ? * * 2020", SUNDAY) is None


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "has 5 fields"),
        ("* * * ? * * * *", "has 8 fields"),
        ("0 * * ? * *", r"seconds can only be \*"),
        ("* * 25 ? * *", "'25' is not between 0 and 23"),
        ("* * * * * *", r"has to be \?"),
    ],
)
def test_an_expression_that_is_none_says_why(cron: str, words: str) -> None:
    """CP-072"""
    with pytest.raises(WindowError, match=words):
        read_window(cron)


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "Europe", "\0"])
def test_a_zone_that_is_none_says_so(name: str) -> None:
    with pytest.raises(WindowError, match="TimeZone"):
        read_zone(name)
