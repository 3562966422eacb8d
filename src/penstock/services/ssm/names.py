"""Names of parameters, and what a caller may write behind them (TG-075, TG-077)."""

from __future__ import annotations

import re

from penstock.errors import AwsError
from penstock.store.parameters import Wanted

LEVELS = 15
LONGEST = 1011  # characters, the ARN's before it included
_CHARACTERS = re.compile(r"[a-zA-Z0-9_.\-/]+")
_LABEL = re.compile(r"(?!aws|ssm|[0-9])[a-zA-Z0-9_.\-]{1,100}", re.IGNORECASE)
_SYMBOLS = (
    "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be"
    " formed as a mix of letters, numbers and the following 3 symbols .-_"
)


def check_name(name: str, arn: str) -> None:
    """Raises AwsError for a name that no parameter may have."""
    if not _CHARACTERS.fullmatch(name):
        raise AwsError(
            "ValidationException",
            f"Invalid parameter name {name!r}: only a mix of letters, numbers and the following 3"
            f" symbols .-_ are allowed. {_SYMBOLS}",
        )
    first = name.lstrip("/").lower()
    for reserved in ("aws", "ssm"):
        if first.startswith(reserved):
            raise AwsError(
                "ValidationException",
                f'Parameter name: can\'t be prefixed with "{reserved}" (case-insensitive).'
                f" {_SYMBOLS}",
            )
    if "/" in name and not name.startswith("/"):
        raise AwsError("ValidationException", "Parameter name must be a fully qualified name.")
    if name.endswith("/") or "//" in name:
        raise AwsError(
            "ValidationException", f"Parameter name must not have empty parts. {_SYMBOLS}"
        )
    if name.count("/") > LEVELS:
        raise AwsError(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have a maximum of {LEVELS} levels.",
        )
    if len(arn) > LONGEST:
        raise AwsError(
            "ValidationException",
            f"Parameter name is too long: with its ARN it has {len(arn)} of {LONGEST} characters.",
        )


def resource(name: str) -> str:
    """A parameter's part of its ARN: a name that begins with a slash brings its own."""
    return f"parameter{name if name.startswith('/') else '/' + name}"


def read_selector(text: str) -> tuple[Wanted, str]:
    """What `name`, `name:3`, `name:label` or an ARN of these asks for, and the selector to echo.

    Raises AwsError.
    """
    name = _of_arn(text) if text.startswith("arn:") else text
    name, colon, selector = name.partition(":")
    if not colon:
        return Wanted(name), ""
    if selector.isascii() and selector.isdigit():
        return Wanted(name, version=min(int(selector), 2**62)), f":{selector}"
    if not is_label(selector):
        raise AwsError(
            "ValidationException",
            f"Invalid parameter selector {':' + selector!r} of {name!r}: a version number or a"
            " label is expected.",
        )
    return Wanted(name, label=selector), f":{selector}"


def _of_arn(text: str) -> str:
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[2] != "ssm" or not parts[5].startswith("parameter/"):
        raise AwsError("ValidationException", f"Invalid parameter ARN: {text}")
    path = parts[5].removeprefix("parameter")
    return path if "/" in path[1:] else path[1:]


def is_label(text: str) -> bool:
    return _LABEL.fullmatch(text) is not None
