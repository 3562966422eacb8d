"""An event as patterns, templates and targets see it (TG-090). Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def envelope(row: Any) -> dict[str, Any]:
    """Of a row of events."""
    return {
        "version": "0",
        "id": str(row.id),
        "detail-type": row.detail_type,
        "source": row.source,
        "account": row.account,
        "time": spoken(row.at),
        "region": row.origin or row.region,
        "resources": list(row.resources),
        "detail": row.detail,
    }


def spoken(at: datetime) -> str:
    """To the second, as events have it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def spoken_exactly(at: datetime) -> str:
    """To the millisecond, as the time of ingestion is told."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
