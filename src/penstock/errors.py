"""What an API call answers instead of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AwsError(Exception):
    """An error with AWS's own code and message; raised anywhere below a call, written once above.

    `members` are further members of the error's shape in the model (`rejectedLogEventsInfo`).
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


def not_implemented(name: str) -> AwsError:
    """For what Penstock lacks: an operation, or a member that asks for what it cannot do."""
    return AwsError("NotImplemented", f"not implemented: {name}", 501)
