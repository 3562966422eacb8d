"""Whether properties are objects, lists and plain values where the schema of their type says so.

Handlers may then go by that. Plain values are one another's: templates write numbers as texts, and
what a service takes is its own to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.documents.resource_schemas import published_schema
from penstock.errors import AwsError
from penstock.resources.contract import Job

Schema = Mapping[str, Any]
OBJECT, ARRAY, PLAIN = "object", "array", "plain"
_WORDS = {"object": "JSONObject", "array": "JSONArray", "string": "String", "boolean": "Boolean",
          "integer": "Integer", "number": "Number"}  # fmt: skip


def check_property_types(job: Job) -> None:
    """Raises AwsError with all that is of another type than it has to be."""
    schema = published_schema(job.task.type)
    if schema is None:
        return
    found = list(_Checking(schema).of(schema, job.properties, "#"))
    if found:
        told = "\n".join(found)
        raise AwsError(
            "ValidationError",
            f"Properties validation failed for resource {job.task.logical_id} with message:"
            f"\n{told}",
        )


class _Checking:
    def __init__(self, schema: Schema) -> None:
        self._definitions: Mapping[str, Any] = schema.get("definitions", {})

    def of(self, schema: Any, value: Any, path: str) -> Iterator[str]:
        schema = self._resolved(schema)
        types = schema.get("type", ())
        types = [types] if isinstance(types, str) else list(types)
        if types and not any(_fits(type, schema, value) for type in types):
            expected = " or ".join(_WORDS.get(type, type) for type in types)
            yield f"{path}: expected type: {expected}, found: {_word(value)}"
        elif isinstance(value, Mapping):
            members = schema.get("properties", {})
            for name, one in value.items():
                if name in members:
                    yield from self.of(members[name], one, f"{path}/{name}")
        elif isinstance(value, list | tuple) and isinstance(schema.get("items"), Mapping):
            for place, one in enumerate(value):
                yield from self.of(schema["items"], one, f"{path}/{place}")

    def _resolved(self, schema: Any) -> Schema:
        """Where a definition refers to others without end it says nothing."""
        for _ in range(10):
            reference = schema.get("$ref") if isinstance(schema, Mapping) else None
            if not isinstance(reference, str):
                break
            schema = self._definitions.get(reference.rpartition("/")[2])
        return schema if isinstance(schema, Mapping) else {}


def _fits(type: str, schema: Schema, value: Any) -> bool:
    if type == OBJECT:
        return isinstance(value, Mapping) or ("properties" not in schema and _is_json(value))
    if type == ARRAY:
        return isinstance(value, list | tuple)
    return _kind(value) == PLAIN


def _is_json(value: Any) -> bool:
    """Whether it is an object that is written as a text."""
    if not isinstance(value, str):
        return False
    try:
        return isinstance(json.loads(value), dict)
    except (ValueError, RecursionError):
        return False


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return OBJECT
    return ARRAY if isinstance(value, list | tuple) else PLAIN


def _word(value: Any) -> str:
    kind = _kind(value)
    if kind != PLAIN:
        return _WORDS[kind]
    if isinstance(value, str):
        return "String"
    if isinstance(value, bool):
        return "Boolean"
    return "Integer" if isinstance(value, int) else "Number"
