"""Points in time as the protocols write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def read_timestamp(value: str | float) -> datetime:
    """In UTC, of seconds since the epoch, ISO 8601 or an HTTP date. Raises ValueError."""
    if isinstance(value, str):
        return _read_text(value.strip())
    try:
        return EPOCH + timedelta(seconds=value)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def _read_text(text: str) -> datetime:
    try:
        return read_timestamp(float(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = parsedate_to_datetime(text)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def epoch_seconds(value: datetime) -> float:
    """Whole seconds as an int, else cut to milliseconds, as AWS gives them."""
    milliseconds = (value - EPOCH) // _MILLISECOND
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def iso8601(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return text[:19] + ("Z" if text[20:23] == "000" else text[19:23] + "Z")


def iso8601_seconds(value: datetime) -> str:
    """As S3 writes it: with milliseconds that are always none."""
    return value.astimezone(UTC).isoformat(timespec="seconds")[:19] + ".000Z"


def http_date(value: datetime) -> str:
    """As `email.utils` writes it, in a fifth of the time: it is in every answer, some have two."""
    year, month, day, hour, minute, second, weekday, _, _ = value.utctimetuple()
    return (
        f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04}"
        f" {hour:02}:{minute:02}:{second:02} GMT"
    )


FORMATS = {"unixtimestamp": epoch_seconds, "iso8601": iso8601, "rfc822": http_date}
"""By the model's `timestampFormat`, in lower case."""
