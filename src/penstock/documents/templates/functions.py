"""The shapes of intrinsic functions: what each may be given (TG-113, TG-114)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from penstock.documents.templates import Path
from penstock.documents.templates.problems import Problems, pointer, shown
from penstock.documents.templates.references import Variable, get_att_of, parse_sub, sub_of

Shape = Callable[[Any], bool]

EXTENSIONS = frozenset(("Fn::Length", "Fn::ToJsonString"))
"""Functions that are there only with the transform AWS::LanguageExtensions."""
_RULES = (
    "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::ValueOf", "Fn::ValueOfAll",
    "Fn::RefAll",
)  # fmt: skip
_NAMED = re.compile(r"[A-Za-z0-9_.:]+")


def _function(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1


def _text(value: Any) -> bool:
    return isinstance(value, str | int | float) or _function(value)


def _list(value: Any) -> bool:
    return isinstance(value, list) or _function(value)


def _items(least: int, most: int, *shapes: Shape) -> Shape:
    """A list of so many, the first ones of these shapes."""

    def fits(value: Any) -> bool:
        return (
            isinstance(value, list)
            and least <= len(value) <= most
            and all(shape(one) for shape, one in zip(shapes, value, strict=False))
        )

    return fits


def _boolean(value: Any) -> bool:
    return isinstance(value, dict | bool) or value in ("true", "false")


def _several_booleans(value: Any) -> bool:
    return _items(2, 10)(value) and all(_boolean(one) for one in value)


def _any(_value: Any) -> bool:
    return True


def _map_value(value: Any) -> bool:
    """A default value, as a fourth, is one of AWS::LanguageExtensions."""
    return _items(3, 4, _text, _text, _text)(value)


def _range(number: str) -> str:
    return f"every {number} object requires a list of at least 2 and at most 10 boolean parameters."


def _typed(name: str) -> str:
    return f"every {name} object must have a String-typed value."


SHAPES: dict[str, tuple[Shape, str]] = {
    "Ref": (
        lambda value: isinstance(value, str) and value != "",
        "every Ref object must have a single String value.",
    ),
    "Fn::GetAtt": (
        lambda value: get_att_of(value) is not None,
        "every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
        "resource attribute",
    ),
    "Fn::Sub": (
        lambda value: sub_of(value) is not None,
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string"
        " as first argument, and an optional second argument to specify a mapping of values to "
        "replace in the string",
    ),
    "Fn::Join": (
        _items(2, 2, lambda value: isinstance(value, str), _list),
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to "
        "be joined.",
    ),
    "Fn::Split": (
        _items(2, 2, lambda value: isinstance(value, str), _text),
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
        "to be split or a function that returns a string to be split.",
    ),
    "Fn::Select": (
        _items(2, 2, _text, _list),
        "Fn::Select requires a list argument with two elements: an integer index and a list",
    ),
    "Fn::FindInMap": (
        _map_value,
        "every Fn::FindInMap object requires three parameters, the map name, map key and the "
        "attribute for return value",
    ),
    "Fn::Base64": (_text, _typed("Fn::Base64")),
    "Fn::GetAZs": (_text, _typed("Fn::GetAZs")),
    "Fn::ImportValue": (_text, _typed("Fn::ImportValue")),
    "Fn::Cidr": (
        _items(2, 3, _text, _text, _text),
        "every Fn::Cidr object requires two or three parameters, (1) an address block, (2) a count "
        "and (3) the bits of each subnet",
    ),
    "Fn::If": (
        _items(3, 3, lambda value: isinstance(value, str)),
        "Fn::If requires a list argument with the first element being a condition",
    ),
    "Fn::Equals": (
        _items(2, 2),
        "every Fn::Equals object requires a list of 2 string parameters.",
    ),
    "Fn::And": (_several_booleans, _range("Fn::And")),
    "Fn::Or": (_several_booleans, _range("Fn::Or")),
    "Fn::Not": (
        _items(1, 1, _boolean),
        "every Fn::Not object requires one boolean parameter.",
    ),
    "Fn::Length": (_list, "every Fn::Length object requires a list"),
    "Fn::ToJsonString": (
        lambda value: isinstance(value, list | dict),
        "every Fn::ToJsonString object requires an object or a list",
    ),
    **dict.fromkeys(_RULES, (_any, "")),
}

_OFFERED = [name for name in SHAPES if name not in EXTENSIONS]


def check_functions(
    value: Any, path: Path, problems: Problems, extended: bool, nulls: bool = False
) -> None:
    """Every function in the value is one, has its shape and stands alone; nothing is null, but
    where `nulls` allows it. `extended`: the template has AWS::LanguageExtensions."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            check_functions(one, (*path, index), problems, extended, nulls)
    elif isinstance(value, dict):
        for key, one in value.items():
            inner = (*path, key)
            if key == "Ref" or key.startswith("Fn::"):
                _check_function(value, key, inner, problems, extended)
            check_functions(one, inner, problems, extended, nulls)
    elif value is None and not nulls:
        problems.format(path, f"{pointer(path)} 'null' values are not allowed in templates")


def _check_function(
    around: dict[str, Any], key: str, path: Path, problems: Problems, extended: bool
) -> None:
    if len(around) > 1:
        if key != "Ref":  # an ordinary property of some type may have that name
            problems.error(path, f"{shown(key)} must be the only member of its object")
    elif key not in SHAPES or (key in EXTENSIONS and not extended):
        offered = ", ".join(_OFFERED)
        message = f"Encountered unsupported function: {shown(key)} Supported functions are: "
        problems.error(path, f"{message}[{offered}]")
    elif not SHAPES[key][0](around[key]):
        problems.error(path, SHAPES[key][1])
    elif key == "Fn::Sub":
        _check_variables(around[key], path, problems)


def _check_variables(argument: Any, path: Path, problems: Problems) -> None:
    text, _ = sub_of(argument) or ("", {})
    for part in parse_sub(text):
        if isinstance(part, Variable) and not _NAMED.fullmatch(part.name):
            message = "variable names in Fn::Sub syntax must contain only alphanumeric characters"
            problems.error(path, f"{message}, underscores, periods, and colons")
            return
