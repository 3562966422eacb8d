"""Which conditions can be true together: a template's worlds.

A world comes of values for the parameters that conditions compare: those the template names, in
`Equals`, in AllowedValues, as Default. What is compared otherwise is true in one world and false in
another. A few are enough: every one is possible, so whatever is found in one is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

MOST = 16
_OTHER = "(another value)"
_DEPTH = 20

Truth = Mapping[str, bool]
Choice = dict[str, str]


def truths(body: Mapping[str, Any]) -> tuple[Truth, ...]:
    """The conditions of each world, different from each other; the one of the defaults first."""
    conditions, parameters = _section(body, "Conditions"), _section(body, "Parameters")
    if not conditions:
        return ({},)
    choices = _choices(conditions, parameters)
    found: dict[tuple[bool, ...], Truth] = {}
    for choice in _assignments(choices):
        logic = _Logic(conditions, choice)
        truth = {name: logic.of(given, 0) for name, given in conditions.items()}
        found.setdefault(tuple(truth.values()), truth)
    return tuple(found.values())


def _section(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = body.get(name)
    return given if isinstance(given, dict) else {}


def _choices(conditions: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values to try of every parameter and of every comparison nothing is known about."""
    compared: dict[str, list[str]] = {}
    for left, right in _comparisons(conditions):
        name, literal = _parameter(left, parameters), _literal(right)
        if name is None or literal is None:
            name, literal = _parameter(right, parameters), _literal(left)
        if name is not None and literal is not None:
            compared.setdefault(name, []).append(literal)
        elif left != right:
            compared[_atom(left, right)] = ["", _OTHER]
    return {name: _values(name, literals, parameters) for name, literals in compared.items()}


def _values(name: str, literals: list[str], parameters: Mapping[str, Any]) -> list[str]:
    """The default first; then what is compared; one more where there would be no other."""
    given = parameters.get(name)
    given = given if isinstance(given, dict) else {}
    default, allowed = _literal(given.get("Default")), given.get("AllowedValues")
    values: list[str] = [] if default is None else [default]
    if isinstance(allowed, list):
        known = [text for one in allowed if (text := _literal(one)) is not None]
        values += [one for one in literals if one in known]
        values += [one for one in known if one not in literals][:1]
    else:
        values += literals
    values = list(dict.fromkeys(values))
    if len(values) == 1 and not isinstance(allowed, list):
        values.append(_OTHER)
    return values or [_OTHER]


def _assignments(choices: dict[str, list[str]]) -> Iterator[Choice]:
    total = 1
    for values in choices.values():
        total *= len(values)
    if total <= MOST:
        for chosen in product(*choices.values()):
            yield dict(zip(choices, chosen, strict=True))
        return
    first = {name: values[0] for name, values in choices.items()}
    yield first
    changed = ({**first, name: one} for name in choices for one in choices[name][1:])
    yield from islice(changed, MOST)


def _comparisons(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Fn::Equals" and isinstance(one, list) and len(one) == 2:
                yield one[0], one[1]
            else:
                yield from _comparisons(one)
    elif isinstance(value, list):
        for one in value:
            yield from _comparisons(one)


def _parameter(value: Any, parameters: Mapping[str, Any]) -> str | None:
    name = value.get("Ref") if isinstance(value, dict) and len(value) == 1 else None
    return name if isinstance(name, str) and name in parameters else None


def _literal(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _atom(left: Any, right: Any) -> str:
    return repr((left, right))


class _Logic:
    def __init__(self, conditions: Mapping[str, Any], choice: Choice) -> None:
        self._conditions = conditions
        self._choice = choice

    def of(self, given: Any, depth: int) -> bool:
        if not isinstance(given, dict) or len(given) != 1 or depth > _DEPTH:
            return True
        ((key, value),) = given.items()
        if key == "Condition":
            return self.of(self._conditions.get(str(value)), depth + 1)
        if not isinstance(value, list):
            return True
        if key == "Fn::Equals" and len(value) == 2:
            return self._equal(value[0], value[1])
        parts = [self.of(one, depth + 1) for one in value]
        return {"Fn::And": all, "Fn::Or": any, "Fn::Not": _none}.get(key, all)(parts)

    def _equal(self, left: Any, right: Any) -> bool:
        if left == right:
            return True
        atom = self._choice.get(_atom(left, right))
        if atom is not None:
            return not atom
        return self._value(left) == self._value(right)

    def _value(self, value: Any) -> str | None:
        name = value.get("Ref") if isinstance(value, dict) else None
        return self._choice.get(str(name)) if name else _literal(value)


def _none(parts: list[bool]) -> bool:
    return not any(parts)
