"""What a version of a secret holds: text or bytes, sealed."""

from __future__ import annotations

from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.services.service import Answer, Request
from penstock.store.sealing import Sealer

MOST = 65536  # bytes


class Content(NamedTuple):
    data: bytes
    is_text: bool


def read_content(request: Request) -> Content | None:
    """The content in a request, if it has any; raises AwsError."""
    text, data = request.get("SecretString"), request.get("SecretBinary")
    if text is not None and data is not None:
        raise AwsError(
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same"
            " secret.",
        )
    if text is None and data is None:
        return None
    content = Content(data or b"", False) if text is None else Content(text.encode(), True)
    if len(content.data) > MOST:
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint:"
            f" Member must have length less than or equal to {MOST}",
        )
    return content


def about(secret: int, version_id: str) -> str:
    """What a sealed version is bound to."""
    return f"secretsmanager:{secret}:{version_id}"


def shown(row: Any, secret: int, sealer: Sealer) -> Answer:
    data = sealer.unseal(row.sealed, about(secret, row.version_id))
    return {"SecretString": data.decode()} if row.is_text else {"SecretBinary": data}
