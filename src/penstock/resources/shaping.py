"""From a resource's properties to the request of an operation.

Templates write `ComputeType` where CodeBuild's API has `computeType`, and numbers and booleans as
texts; names are compared without case, and values made what the model says they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from penstock.documents.model_shapes import shapes_of
from penstock.errors import AwsError

Shape = Mapping[str, Any]
_WORDS = {"true": True, "false": False}


def shaped(service: str, shape: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """`properties` as a shape of a service's model has them (`CreateProjectInput`).

    Raises AwsError for a property the model lacks, and for a value that cannot be one of its type.
    """
    made: dict[str, Any] = _Shaping(service).of(shape, properties, "")
    return made


def request_of(
    service: str,
    shape: str,
    properties: Mapping[str, Any],
    taken: Collection[str],
    apart: Collection[str] = (),
) -> dict[str, Any]:
    """As `shaped`, of the properties that are `taken`; those set `apart` are for the caller to see
    to, and the type has no other ones. Raises AwsError for one it has not."""
    check_names(properties, {*taken, *apart})
    return shaped(service, shape, {key: properties[key] for key in properties if key in taken})


def check_names(properties: Mapping[str, Any], names: Collection[str]) -> None:
    """Raises AwsError for a property that is none of these."""
    for name in properties:
        if name not in names:
            raise unsupported(name)


def whole_number(value: Any, name: str, least: int, most: int) -> int:
    """Raises AwsError."""
    number = _number("integer", value, name)
    if not least <= number <= most:
        raise _wrong(name, f"from {least} to {most}")
    return int(number)


def unsupported(name: str) -> AwsError:
    return AwsError("ValidationError", f"Encountered unsupported property {name}")


class _Shaping:
    def __init__(self, service: str) -> None:
        self._shapes = shapes_of(service)

    def of(self, name: str, value: Any, path: str) -> Any:
        shape = self._shapes[name]
        kind = shape["type"]
        if kind == "structure":
            return self._structure(shape, value, path)
        if kind == "list":
            values = value if isinstance(value, list | tuple) else [value]
            member = shape["member"]["shape"]
            return [self.of(member, one, f"{path}/{i}") for i, one in enumerate(values)]
        if kind == "map":
            member = shape["value"]["shape"]
            pairs = _mapping(value, path).items()
            return {str(key): self.of(member, one, f"{path}/{key}") for key, one in pairs}
        return _scalar(kind, value, path)

    def _structure(self, shape: Shape, value: Any, path: str) -> dict[str, Any]:
        names = {name.lower(): name for name in shape["members"]}
        made = {}
        for key, one in _mapping(value, path).items():
            name = names.get(key.lower())
            if name is None:
                raise unsupported(key)
            made[name] = self.of(shape["members"][name]["shape"], one, f"{path}/{key}")
        return made


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "an object")
    return value


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind == "string":
        return _text(value, path)
    if kind == "boolean":
        found = _WORDS.get(str(value).lower())
        if found is None:
            raise _wrong(path, "true or false")
        return found
    if kind in ("integer", "long", "float", "double"):
        return _number(kind, value, path)
    if kind == "timestamp":
        return _time(value, path)
    return value.encode() if kind == "blob" and isinstance(value, str) else value


def _time(value: Any, path: str) -> datetime:
    """Aware: what is said without a zone is UTC."""
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(path, "a time in ISO 8601") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _number(kind: str, value: Any, path: str) -> int | float:
    whole = kind in ("integer", "long")
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (whole and not number.is_integer()):
        raise _wrong(path, "a whole number" if whole else "a number")
    return int(value if isinstance(value, int) else number) if whole else number


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))  # a policy document, for example
    if isinstance(value, list | tuple) or value is None:
        raise _wrong(path, "a string")
    return str(value)


def _wrong(path: str, must: str) -> AwsError:
    message = f"Value of property {path.lstrip('/') or 'Properties'} must be {must}"
    return AwsError("ValidationError", message)
