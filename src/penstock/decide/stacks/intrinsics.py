"""CloudFormation's functions of values (TG-113, TG-114, TG-116).

`evaluate` gives values without functions; what depends on something that `names` does not know yet
is Pending, as small as it can be. Fn::Sub becomes Fn::Join then.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from penstock.decide.stacks.cidr import blocks_of
from penstock.decide.stacks.names import (
    NO_VALUE,
    Names,
    Pending,
    is_pending,
    is_scalar,
    size_of,
    text_of,
)
from penstock.decide.stacks.refusals import invalid
from penstock.documents.templates.functions import SHAPES
from penstock.documents.templates.references import Variable, get_att_of, parse_sub, sub_of
from penstock.errors import AwsError

_IMPORT = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported"
    " values, or Fn::GetAZs"
)


def evaluate(value: Any, names: Names) -> Any:
    """The value, or NO_VALUE. Raises AwsError where a function cannot be what it is asked to be."""
    if isinstance(value, Mapping):
        if function := function_of(value):
            return _applied(function, value[function], names)
        made = {key: evaluate(one, names) for key, one in value.items()}
        return {key: one for key, one in made.items() if one is not NO_VALUE}
    if isinstance(value, list | tuple):
        items = [evaluate(one, names) for one in value]
        return [one for one in items if one is not NO_VALUE]
    return value


def function_of(value: Mapping[str, Any]) -> str:
    """The function that an object is a call of, or ""."""
    if len(value) != 1:
        return ""
    (key,) = value
    return key if key == "Ref" or str(key).startswith("Fn::") else ""


def misused(function: str) -> AwsError:
    """A function was given what is not of its shape, as far as that is known by now."""
    return invalid(f"Template error: {SHAPES[function][1]}")


def _applied(function: str, argument: Any, names: Names) -> Any:
    if lazy := _LAZY.get(function):
        return lazy(argument, names)
    eager = _EAGER.get(function)
    if eager is None:
        raise invalid(f"Template format error: {function} is not a function that can be used here")
    argument = evaluate(argument, names)
    return Pending(function, argument) if isinstance(argument, Pending) else eager(argument, names)


def _ref(argument: Any, names: Names) -> Any:
    name = evaluate(argument, names)
    if not isinstance(name, str):
        raise misused("Ref")
    return names.ref(name)


def _get_att(argument: Any, names: Names) -> Any:
    found = get_att_of(evaluate(argument, names))
    if found is None or not isinstance(found[1], str):
        raise misused("Fn::GetAtt")
    return names.get_att(*found)


def _if(argument: Any, names: Names) -> Any:
    if not (isinstance(argument, list | tuple) and len(argument) == 3):
        raise misused("Fn::If")
    condition, then, otherwise = argument
    if not isinstance(condition, str):
        raise misused("Fn::If")
    return evaluate(then if names.condition(condition) else otherwise, names)


def _sub(argument: Any, names: Names) -> Any:
    found = sub_of(argument)
    if found is None:
        raise misused("Fn::Sub")
    text, given = found
    own = {name: evaluate(value, names) for name, value in given.items()}
    parts = parse_sub(text)
    return _joined("", [_put_in(part, own, names) for part in parts], names)


def _put_in(part: str | Variable, own: Mapping[str, Any], names: Names) -> Any:
    """A part of Fn::Sub: its own values come first, then attributes, and what Ref gives."""
    if isinstance(part, str):
        return part
    if part.name in own:
        value = own[part.name]
    elif part.attribute:
        value = names.get_att(part.logical_id, part.attribute)
    else:
        value = names.ref(part.name)
    if value is NO_VALUE:
        return ""
    if not isinstance(value, Pending) and not is_scalar(value):
        what = f"variable {part.name} in Fn::Sub expression does not resolve to a string"
        raise invalid(f"Template error: {what}")
    return value


def _two(function: str, argument: Any) -> Any:
    if not (isinstance(argument, list) and len(argument) == 2):
        raise misused(function)
    return argument


def _join(argument: Any, names: Names) -> Any:
    delimiter, values = _two("Fn::Join", argument)
    if isinstance(delimiter, str) and isinstance(values, Pending):
        return Pending("Fn::Join", [delimiter, values])
    if not isinstance(delimiter, str) or not isinstance(values, list):
        raise misused("Fn::Join")
    if not all(isinstance(one, Pending) or is_scalar(one) for one in values):
        raise misused("Fn::Join")
    return _joined(delimiter, values, names)


def _joined(delimiter: str, values: list[Any], names: Names) -> Any:
    """Neighbours that are known become one, so that there is one way to write what is left."""
    names.spend(size_of(values) + len(delimiter) * len(values))
    pieces: list[Any] = []
    for value in values:
        if isinstance(value, Pending):
            pieces.append(value)
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += delimiter + text_of(value)
        else:
            pieces.append(text_of(value))
    if not is_pending(pieces):
        return pieces[0] if pieces else ""
    if not delimiter:
        pieces = [piece for piece in pieces if piece != ""]
    return Pending("Fn::Join", [delimiter, pieces])


def _split(argument: Any, _names: Names) -> Any:
    delimiter, text = _two("Fn::Split", argument)
    if not isinstance(delimiter, str) or not delimiter:
        raise misused("Fn::Split")
    if isinstance(text, Pending):
        return Pending("Fn::Split", [delimiter, text])
    if not is_scalar(text):
        raise misused("Fn::Split")
    return text_of(text).split(delimiter)


def _select(argument: Any, _names: Names) -> Any:
    index, values = _two("Fn::Select", argument)
    if isinstance(index, Pending) or isinstance(values, Pending):
        return Pending("Fn::Select", [index, values])
    if not is_scalar(index) or not isinstance(values, list):
        raise misused("Fn::Select")
    text = text_of(index)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not 0 <= number < len(values):
        message = f"Template error: Fn::Select cannot select nonexistent value at index {text}"
        raise invalid(message)
    return values[number]


def _find_in_map(argument: Any, names: Names) -> Any:
    if not isinstance(argument, list | tuple) or len(argument) not in (3, 4):
        raise misused("Fn::FindInMap")
    keys = [evaluate(one, names) for one in argument[:3]]
    if is_pending(keys) or not all(is_scalar(key) for key in keys):
        raise misused("Fn::FindInMap")
    name, first, second = (text_of(key) for key in keys)
    mapping = names.mapping(name)
    found = (mapping or {}).get(first, {}).get(second, NO_VALUE)
    if found is not NO_VALUE:
        names.spend(size_of(found))
        return found
    if len(argument) == 4 and isinstance(argument[3], Mapping) and "DefaultValue" in argument[3]:
        return evaluate(argument[3]["DefaultValue"], names)
    if mapping is None:
        where = "is not present in the 'Mappings' section of template."
        raise invalid(f"Template error: Mapping named '{name}' {where}")
    raise invalid(f"Template error: Unable to get mapping for {name}::{first}::{second}")


def _base64(argument: Any, names: Names) -> Any:
    if not is_scalar(argument):
        raise misused("Fn::Base64")
    names.spend(2 * size_of(argument))
    return b64encode(text_of(argument).encode()).decode()


def _cidr(argument: Any, _names: Names) -> Any:
    if is_pending(argument):
        return Pending("Fn::Cidr", argument)
    if not isinstance(argument, list) or len(argument) != 3:
        raise misused("Fn::Cidr")
    return blocks_of(*argument)


def _get_zones(argument: Any, names: Names) -> Any:
    region = evaluate(argument, names)
    if not isinstance(region, str):
        raise misused("Fn::GetAZs")
    return names.zones(region)


def _import_value(argument: Any, names: Names) -> Any:
    name = evaluate(argument, names)
    if not is_scalar(name):
        raise invalid(_IMPORT)
    return names.export(text_of(name))


def _length(argument: Any, _names: Names) -> Any:
    if not isinstance(argument, list):
        raise misused("Fn::Length")
    return len(argument)


def _to_json(argument: Any, names: Names) -> Any:
    if is_pending(argument):
        return Pending("Fn::ToJsonString", argument)
    if not isinstance(argument, Mapping | list):
        raise misused("Fn::ToJsonString")
    names.spend(2 * size_of(argument))
    return json.dumps(argument, separators=(",", ":"), ensure_ascii=False)


_LAZY: Mapping[str, Callable[[Any, Names], Any]] = {
    "Ref": _ref,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_zones,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Sub": _sub,
}
"""These say themselves what of their arguments is evaluated, or ask `names`."""
_EAGER: Mapping[str, Callable[[Any, Names], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json,
}
