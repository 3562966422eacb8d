"""What the names in a value stand for, and how values are that are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from penstock.decide.stacks.refusals import invalid
from penstock.documents.templates.scalars import written


class _NoValue:
    """AWS::NoValue: what has it, a property or an item of a list, is left out."""


NO_VALUE: Final = _NoValue()


MOST_CHARACTERS = 20_000_000


class Pending:
    """What only resources know that are yet to be made: an expression of plain values.

    It is wrapped, so that no value of a user's is ever taken for a function.
    """

    __slots__ = ("expression", "size")

    def __init__(self, function: str, argument: Any) -> None:
        self.expression: Mapping[str, Any] = {function: plain(argument)}
        self.size = len(function) + size_of(argument)


class Budget:
    """How much may be made of a template, as functions in functions can double texts each."""

    def __init__(self) -> None:
        self._left = MOST_CHARACTERS

    def spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise invalid(f"Template error: its values have more than {MOST_CHARACTERS} characters")


class Names(Protocol):
    """Raises AwsError for names that there are not."""

    def ref(self, name: str) -> Any: ...

    def get_att(self, logical_id: str, attribute: str) -> Any: ...

    def condition(self, name: str) -> bool: ...

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None: ...

    def export(self, name: str) -> str: ...

    def zones(self, region: str) -> list[str]: ...

    def spend(self, characters: int) -> None:
        """Called before a value is made of others, with its size."""


def is_pending(value: Any) -> bool:
    """Whether anything in it is not known yet."""
    if isinstance(value, Pending):
        return True
    if isinstance(value, Mapping):
        return any(is_pending(one) for one in value.values())
    return isinstance(value, list) and any(is_pending(one) for one in value)


def plain(value: Any) -> Any:
    """The value with the expressions of what is not known yet."""
    if isinstance(value, Pending):
        return value.expression
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def size_of(value: Any) -> int:
    """Characters, about."""
    if isinstance(value, Pending):
        return value.size
    if isinstance(value, Mapping):
        return sum(len(str(key)) + size_of(one) + 1 for key, one in value.items())
    if isinstance(value, list):
        return sum(size_of(one) + 1 for one in value)
    return len(value) if isinstance(value, str) else 1


def is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not is_scalar(value):
        raise invalid(f"Template error: {value!r} is not a string")
    return value if isinstance(value, str) else written(value)
