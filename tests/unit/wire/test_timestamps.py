"""Points in time in the ways of each protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.wire.timestamps import (
    epoch_seconds,
    http_date,
    iso8601,
    iso8601_seconds,
    read_timestamp,
)

WHOLE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PART = WHOLE + timedelta(microseconds=678901)


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (epoch_seconds, WHOLE, 1767323045),
        (epoch_seconds, PART, 1767323045.678),
        (iso8601, WHOLE, "2026-01-02T03:04:05Z"),
        (iso8601, PART, "2026-01-02T03:04:05.678Z"),
        (iso8601, PART.astimezone(timezone(timedelta(hours=9))), "2026-01-02T03:04:05.678Z"),
        (iso8601_seconds, PART, "2026-01-02T03:04:05.000Z"),
        (http_date, PART, "Fri, 02 Jan 2026 03:04:05 GMT"),
    ],
)
def test_each_format(write: Callable[[datetime], Any], value: datetime, expected: Any) -> None:
    assert write(value) == expected


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1)),
    st.sampled_from([epoch_seconds, iso8601, iso8601_seconds, http_date]),
)
def test_what_is_written_is_read_to_the_millisecond(
    naive: datetime, write: Callable[[datetime], Any]
) -> None:
    value = naive.replace(tzinfo=UTC)
    exact = write in (epoch_seconds, iso8601)
    precision = timedelta(milliseconds=1) if exact else timedelta(seconds=1)
    assert abs(read_timestamp(write(value)) - value) < precision + timedelta(microseconds=20)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "nan", "inf", "1e400", "-1e15", "2026-13-01", "0001-01-01T00:00+23:00"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_timestamp(text)
