"""Errors that several operations have in common."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError


def malformed() -> AwsError:
    return AwsError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def invalid_argument(message: str, name: str, value: Any) -> AwsError:
    members = {"ArgumentName": name, "ArgumentValue": str(value)}
    return AwsError("InvalidArgument", message, members=members)


def invalid_request(message: str) -> AwsError:
    return AwsError("InvalidRequest", message)


def entity_too_large(size: int, most: int) -> AwsError:
    return AwsError(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        members={"ProposedSize": str(size), "MaxSizeAllowed": str(most)},
    )
