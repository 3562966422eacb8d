"""Tags as requests bring them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from penstock.errors import AwsError
from penstock.services.s3.refusals import invalid_argument

OF_OBJECT, OF_BUCKET = 10, 50  # tags at most


def read_tag_set(tags: Sequence[Mapping[str, Any]], most: int) -> dict[str, str]:
    """Raises AwsError: InvalidTag, BadRequest."""
    return _checked([(tag["Key"], tag["Value"]) for tag in tags], most)


def read_tag_header(text: str | None) -> dict[str, str]:
    """Tags as a query string. Raises AwsError: InvalidArgument, InvalidTag, BadRequest."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query"
            " parameters without tag name duplicates.",
            "x-amz-tagging",
            text,
        ) from None
    return _checked(pairs, OF_OBJECT)


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _checked(pairs: Iterable[tuple[str, str]], most: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in found:
            raise _invalid("Cannot provide multiple Tags with the same key", key, value)
        if not 1 <= len(key) <= 128:
            raise _invalid("The TagKey you have provided is invalid", key, value)
        if len(value) > 256:
            raise _invalid("The TagValue you have provided is invalid", key, value)
        if key.startswith("aws:"):
            raise _invalid("System tags cannot be added/updated by requester", key, value)
        found[key] = value
    if len(found) > most:
        kind = "Object" if most == OF_OBJECT else "Bucket"
        raise AwsError("BadRequest", f"{kind} tags cannot be greater than {most}")
    return found


def _invalid(message: str, key: str, value: str) -> AwsError:
    return AwsError("InvalidTag", message, members={"TagKey": key, "TagValue": value})
