"""What values name: resources, parameters, pseudo parameters, conditions.

`references(value)` yields a `Reference` for each Ref, Fn::GetAtt and `${…}` of Fn::Sub anywhere in
a value, in the order of the document. `conditions_in(value)` yields the conditions that its
Fn::Ifs name. `parse_sub(text)` takes the text of Fn::Sub apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from penstock.documents.templates import Path

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


class Variable(NamedTuple):
    """`${name}` of Fn::Sub; `at` is the number of characters before it."""

    name: str
    at: int = 0

    @property
    def logical_id(self) -> str:
        return self.name.partition(".")[0]

    @property
    def attribute(self) -> str:
        """What is behind the first dot, empty for a Ref."""
        return self.name.partition(".")[2]


class Reference(NamedTuple):
    """`kind` is the function: "Ref", "Fn::GetAtt" or "Fn::Sub". `path` leads to what the function
    was given, and of a Fn::Sub to its text. `attribute` is empty for what acts as a Ref, and for a
    Fn::GetAtt whose attribute is a function. `sure` is false inside of a Fn::If's branches."""

    path: Path
    kind: str
    name: str
    attribute: str = ""
    sure: bool = True


def parse_sub(text: str) -> tuple[str | Variable, ...]:
    """Its literal parts and variables, in turn (TG-113). `${!X}` is the literal `${X}`."""
    parts: list[str | Variable] = []
    literal, end = "", 0
    for found in _VARIABLE.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if found[1].startswith("!"):
            literal += f"${{{found[1][1:]}}}"
            continue
        if literal:
            parts.append(literal)
        parts.append(Variable(found[1], found.start()))
        literal = ""
    literal += text[end:]
    return (*parts, literal) if literal else tuple(parts)


def sub_of(argument: Any) -> tuple[str, dict[str, Any]] | None:
    """The text of a Fn::Sub and its own variables; None if it is not of that shape."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, variables = argument
        if isinstance(text, str) and isinstance(variables, dict):
            return text, variables
    return None


def get_att_of(argument: Any) -> tuple[str, Any] | None:
    """The name and attribute of a Fn::GetAtt, given as a list or as "A.B"; None for anything else.

    The attribute is a text, or a function that gives one.
    """
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        return None
    if all(isinstance(part, str) and part for part in parts):
        return parts[0], ".".join(parts[1:])
    fits = len(parts) == 2 and isinstance(parts[0], str) and isinstance(parts[1], dict)
    return (parts[0], parts[1]) if fits and parts[0] else None


def references(value: Any, path: Path = (), sure: bool = True) -> Iterator[Reference]:
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from references(one, (*path, index), sure)
    elif isinstance(value, dict):
        for key, one in value.items():
            inner = (*path, key)
            if len(value) == 1:
                yield from _own(key, one, inner, sure)
            if key == "Fn::If":
                yield from references(one, inner, False)
            else:
                yield from references(one, inner, sure)


def _own(key: str, argument: Any, path: Path, sure: bool) -> Iterator[Reference]:
    """The references that a function itself makes, without those in what it was given."""
    if key == "Ref" and isinstance(argument, str):
        yield Reference(path, key, argument, "", sure)
    elif key == "Fn::GetAtt":
        found = get_att_of(argument)
        if found:
            name, attribute = found
            yield Reference(path, key, name, attribute if isinstance(attribute, str) else "", sure)
    elif key == "Fn::Sub":
        yield from _substituted(argument, path, sure)


def _substituted(argument: Any, path: Path, sure: bool) -> Iterator[Reference]:
    found = sub_of(argument)
    if found is None:
        return
    text, variables = found
    inner = path if argument is text else (*path, 0)
    for part in parse_sub(text):
        if isinstance(part, Variable) and part.name not in variables:
            yield Reference(inner, "Fn::Sub", part.logical_id, part.attribute, sure)


def functions_in(value: Any, path: Path, names: Collection[str]) -> Iterator[tuple[Path, str, Any]]:
    """Each use of the functions: the path of what it is given, its name, what it is given."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from functions_in(one, (*path, index), names)
    elif isinstance(value, dict):
        for key, one in value.items():
            inner = (*path, key)
            if key in names:
                yield inner, key, one
            yield from functions_in(one, inner, names)


def conditions_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The condition of each Fn::If in a value, and where its name stands."""
    for where, _, argument in functions_in(value, path, ("Fn::If",)):
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            yield (*where, 0), argument[0]


def conditions_of(condition: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The conditions that one of the template's conditions is made of: {"Condition": NAME}."""
    if isinstance(condition, list):
        for index, one in enumerate(condition):
            yield from conditions_of(one, (*path, index))
    elif isinstance(condition, dict):
        for key, one in condition.items():
            inner = (*path, key)
            if key == "Condition" and isinstance(one, str):
                yield inner, one
            else:
                yield from conditions_of(one, inner)
