"""Reading JSON that nobody vouches for, and taking it apart without trusting its types."""

from __future__ import annotations

from typing import Any

from penstock.runner.codebuild.reports.files import opened
from penstock.runner.codebuild.reports.model import Unreadable

FILE_LIMIT = 50 * 1024 * 1024  # unlike XML, it is all in memory at once


def load(path: str) -> Any:
    """The document. Raises Unreadable or OSError."""
    import json

    with opened(path, FILE_LIMIT) as file:
        data = file.read(FILE_LIMIT + 1)
    try:
        return json.loads(data)
    except RecursionError:
        raise Unreadable("its lists and objects are nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"this is not JSON, or only part of it: {error}") from None


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def string(value: Any) -> str:
    return value if isinstance(value, str) else ""
