"""Records as the plain values that JSON has, and back.

Members that have their defaults are left out, so a record may get more members: older rows have the
defaults of these.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")
_PLAIN = (str, float, int, bool, type(None))


def plain(value: Any) -> Any:
    """Of named tuples, mappings, sequences, sets of texts, UUIDs, and what JSON has; texts for
    Enums of texts."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return _plain_record(value) if hasattr(value, "_fields") else [plain(one) for one in value]
    if isinstance(value, list):
        return [plain(one) for one in value]
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _plain_record(record: Any) -> dict[str, Any]:
    defaults: Mapping[str, Any] = record._field_defaults
    return {
        name: plain(value)
        for name, value in zip(record._fields, record, strict=True)
        if name not in defaults or value != defaults[name]
    }


def record_of(kind: type[T], value: Any) -> T:
    """The record of a kind of which `value` was made by `plain`."""
    kind_of: Any = kind
    record: T = _reader(kind_of)(value)
    return record


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if get_origin(kind) in (Union, types.UnionType):
        (other,) = (one for one in get_args(kind) if one is not type(None))
        return _optional(_reader(other))
    if get_origin(kind) is frozenset:
        return frozenset
    if get_origin(kind) is tuple:
        one = _reader(get_args(kind)[0])
        return lambda values: tuple(map(one, values))
    if get_origin(kind) is not None:
        return _mapping(*map(_reader, get_args(kind)))
    if hasattr(kind, "_fields"):
        return _record(kind)
    if issubclass(kind, UUID | Enum):
        return kind  # type: ignore[no-any-return]
    return _same


def _same(value: Any) -> Any:
    return value


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _mapping(
    key: Callable[[Any], Any], member: Callable[[Any], Any]
) -> Callable[[Any], dict[Any, Any]]:
    return lambda values: {key(name): member(value) for name, value in values.items()}


def _record(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name in kind._fields}
    return lambda values: kind(
        **{name: readers[name](value) for name, value in values.items() if name in readers}
    )
