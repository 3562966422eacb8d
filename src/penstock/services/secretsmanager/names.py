"""How callers name secrets, and what is said where none is found (TG-081)."""

from __future__ import annotations

import re
from typing import Any

from penstock.errors import AwsError
from penstock.services.service import Service
from penstock.state.calls import Call
from penstock.store import secrets as rows
from penstock.store.database import Connection
from penstock.store.secrets import Identity

_NAME = re.compile(r"[a-zA-Z0-9/_+=.@\-]+")
_SUFFIX = 6


def check_name(name: str) -> None:
    """Raises AwsError."""
    if not _NAME.fullmatch(name):
        raise AwsError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
            " following: -/_+=.@!",
        )


def read_identity(text: str) -> Identity:
    """From a name, an ARN, or an ARN without its suffix."""
    if not text.startswith("arn:"):
        return Identity(text, "", "")
    whole = text.split(":", 6)[-1]
    name, dash, suffix = whole.rpartition("-")
    if dash and len(suffix) == _SUFFIX:
        return Identity(whole, name, suffix)
    return Identity(whole, "", "")


def arn(call: Call, row: Any) -> str:
    return call.arn(f"secret:{row.name}-{row.suffix}")


def not_found() -> AwsError:
    return AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def marked_deleted() -> AwsError:
    return AwsError(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )


class Named(Service):
    async def locked(self, connection: Connection, call: Call, text: str) -> Any:
        """The secret a request names, for a change; raises AwsError."""
        row = await rows.find(connection, call.account, call.region, read_identity(text), lock=True)
        if row is None or (row.purged and row.purged <= call.now):
            raise not_found()
        return row

    async def live(self, connection: Connection, call: Call, text: str) -> Any:
        """One that is not marked for deletion; raises AwsError."""
        row = await self.locked(connection, call, text)
        if row.deleted:
            raise marked_deleted()
        return row
