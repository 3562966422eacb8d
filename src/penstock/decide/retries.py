"""Whether a build that ended is built again by itself (CB-139)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.state.builds import Status

FAILURES = (Status.FAILED, Status.FAULT, Status.TIMED_OUT)
"""Who stopped a build does not want it again."""


def auto_retry(build: Mapping[str, Any], arn: str, status: Status) -> dict[str, Any] | None:
    """The autoRetryConfig of the next build, or None where there is to be none.

    `build` is the effective build, with the autoRetryConfig of the one that ended if it has one;
    `arn` is that of the one that ended.
    """
    limit = build.get("autoRetryLimit", 0)
    number = build.get("autoRetryConfig", {}).get("autoRetryNumber", 0)
    if status not in FAILURES or number >= limit or is_of_pipeline(build):
        return None
    return {"autoRetryLimit": limit, "autoRetryNumber": number + 1, "previousAutoRetry": arn}


def first_attempt(build: Mapping[str, Any]) -> dict[str, Any] | None:
    """The autoRetryConfig of a build that somebody started."""
    limit = build.get("autoRetryLimit", 0)
    if not limit or is_of_pipeline(build):
        return None
    return {"autoRetryLimit": limit, "autoRetryNumber": 0}


def is_of_pipeline(build: Mapping[str, Any]) -> bool:
    return bool(build["source"]["type"] == "CODEPIPELINE")
