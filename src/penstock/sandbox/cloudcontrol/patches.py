"""Patches of documents (RFC 6902), as UpdateResource takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from penstock.errors import AwsError


def patched(document: Mapping[str, Any], patch: str) -> dict[str, Any]:
    """Raises AwsError for a patch that does not fit; `move` and `copy` are not implemented."""
    try:
        operations = json.loads(patch)
        made: dict[str, Any] = deepcopy(dict(document))
        for operation in operations:
            _apply(made, operation)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        message = f"[PatchDocument] does not fit: {error.__class__.__name__}: {error}"
        raise AwsError("InvalidRequestException", message) from None
    return made


def _apply(document: Any, operation: Mapping[str, Any]) -> None:
    *way, last = [_part(each) for each in operation["path"].removeprefix("/").split("/")]
    at = document
    for part in way:
        at = at[int(part)] if isinstance(at, list) else at[part]
    kind = operation["op"]
    if kind not in ("add", "replace", "remove", "test"):
        raise ValueError(f"no operation {kind}")
    if isinstance(at, list):
        _apply_to_list(at, last, kind, operation)
    elif kind == "add":
        at[last] = operation["value"]
    elif kind == "test":
        _test(at[last], operation["value"])
    else:
        del at[last]
        if kind == "replace":
            at[last] = operation["value"]


def _apply_to_list(at: list[Any], last: str, kind: str, operation: Mapping[str, Any]) -> None:
    index = len(at) if last == "-" else int(last)
    if kind == "add":
        at.insert(index, operation["value"])
    elif kind == "remove":
        del at[index]
    elif kind == "replace":
        at[index] = operation["value"]
    else:
        _test(at[index], operation["value"])


def _test(value: Any, wanted: Any) -> None:
    if value != wanted:
        raise ValueError(f"{value!r} is not {wanted!r}")


def _part(text: str) -> str:
    return text.replace("~1", "/").replace("~0", "~")
