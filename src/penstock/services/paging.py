"""Tokens of paginated answers: opaque to callers, and checked when they come back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from penstock.errors import AwsError


def make_token(kind: str, *position: Any) -> str:
    """A token for the place after `position` (JSON values) in listings of one `kind`."""
    text = json.dumps(position, separators=(",", ":")).encode()
    return urlsafe_b64encode(_check(kind, text) + text).decode()


def read_token(kind: str, token: str | None, error: AwsError) -> tuple[Any, ...] | None:
    """The position in a token, or None where there is none; raises `error` for any other text."""
    if not token:
        return None
    try:
        data = urlsafe_b64decode(token.encode())
        if data[:4] == _check(kind, data[4:]):
            return tuple(json.loads(data[4:]))
    except ValueError:
        pass
    raise error


def cut(
    rows: Sequence[Any], limit: int, token_of: Callable[[Any], str]
) -> tuple[Sequence[Any], str | None]:
    """A page of `rows`, which were asked for one more than `limit`, and the next page's token."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], token_of(rows[limit - 1])


def _check(kind: str, text: bytes) -> bytes:
    return crc32(text, crc32(kind.encode())).to_bytes(4, "big")
