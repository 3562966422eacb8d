"""From a resource's properties to the request of an operation.

Templates write `ComputeType` where CodeBuild's API has `computeType`, and numbers and booleans as
texts; names are compared without case, and values made what the model says they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
                raise AwsError("ValidationError", f"Encountered unsupported property {key}")
            made[name] = self.of(shape["members"][name]["shape"], one, f"{path}/{key}")
        return made


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "an object", value)
    return value


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind == "string":
        return _text(value, path)
    if kind == "boolean":
        found = _WORDS.get(str(value).lower())
        if found is None:
            raise _wrong(path, "true or false", value)
        return found
    if kind in ("integer", "long", "float", "double"):
        try:
            number = float(value)
            return int(number) if kind in ("integer", "long") and number.is_integer() else number
        except (TypeError, ValueError):
            raise _wrong(path, "a number", value) from None
    return value.encode() if kind == "blob" and isinstance(value, str) else value


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return json.dumps(value, separators=(",", ":"))  # a policy document, for example
    if isinstance(value, list | tuple) or value is None:
        raise _wrong(path, "a string", value)
    return str(value)


def _wrong(path: str, must: str, value: Any) -> AwsError:
    message = f"Value of property {path.lstrip('/') or 'Properties'} must be {must}"
    return AwsError("ValidationError", message)
