"""Conditions: what parameters, mappings and other conditions make true (TG-115)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from penstock.decide.stacks.intrinsics import evaluate, misused
from penstock.decide.stacks.names import Names, is_scalar, text_of
from penstock.decide.stacks.order import CycleError, levels_of
from penstock.decide.stacks.refusals import invalid, listed
from penstock.decide.stacks.scope import Scope
from penstock.decide.stacks.values import Folding
from penstock.documents.templates import Template
from penstock.documents.templates.references import conditions_in
from penstock.documents.templates.references import conditions_of as named_by

Test = Callable[[Any, Names], bool]


def conditions_of(template: Template, scope: Scope) -> dict[str, bool]:
    """Whether each condition holds, in the template's order. Raises AwsError."""
    found: dict[str, bool] = {}
    names = _ConditionNames(template, scope, found, frozenset())
    for name in _in_order(template.conditions):
        found[name] = is_true(template.conditions[name], names)
        names.refuse_unresolved("Conditions")
    return {name: found[name] for name in template.conditions}


class _ConditionNames(Folding):
    def export(self, name: str) -> str:
        raise invalid("Template error: Cannot use Fn::ImportValue in Conditions.")

    def get_att(self, logical_id: str, attribute: str) -> Any:
        return self.ref(logical_id)

    def refuse_unresolved(self, block: str) -> None:
        if self.unresolved:
            what = f"Template format error: Unresolved dependencies {listed(self.unresolved)}."
            raise invalid(f"{what} Cannot reference resources in the {block} block of the template")


def _in_order(conditions: Mapping[str, Any]) -> Iterator[str]:
    """Each after those that it names."""
    try:
        levels = levels_of({name: _named(body) for name, body in conditions.items()})
    except CycleError as error:
        what = "Template format error: Circular dependency between conditions:"
        raise invalid(f"{what} {listed(error.names)}") from None
    for level in levels:
        yield from level


def _named(body: Any) -> tuple[str, ...]:
    return tuple(name for find in (conditions_in, named_by) for _, name in find(body))


def is_true(body: Any, names: Names, tests: Mapping[str, Test] | None = None) -> bool:
    """Whether a condition holds; `tests` are other functions than those of conditions."""
    if isinstance(body, bool) or body in ("true", "false"):
        return text_of(body) == "true"
    if isinstance(body, Mapping) and len(body) == 1:
        (function,) = body
        if test := (tests or _TESTS).get(function):
            return test(body[function], names)
    what = "Conditions can only be boolean operations on parameters and other conditions"
    raise invalid(f"Template format error: {what}")


def tests_with(more: Mapping[str, Test]) -> dict[str, Test]:
    """The functions of conditions and others, which may be in one another."""
    tests: dict[str, Test] = {"Condition": _condition, "Fn::Equals": _equals, **more}
    tests["Fn::And"] = lambda body, names: all(_each("Fn::And", body, names, tests))
    tests["Fn::Or"] = lambda body, names: any(_each("Fn::Or", body, names, tests))
    tests["Fn::Not"] = lambda body, names: not is_true(_only(body), names, tests)
    return tests


def _condition(name: Any, names: Names) -> bool:
    if not isinstance(name, str):
        raise invalid("Template format error: Every Condition member must be a string.")
    return names.condition(name)


def _equals(body: Any, names: Names) -> bool:
    if not (isinstance(body, list) and len(body) == 2):
        raise misused("Fn::Equals")
    one, other = (comparable(evaluate(value, names)) for value in body)
    return bool(one == other)


def comparable(value: Any) -> Any:
    """Scalars as texts: `true` equals "true", and 1 equals "1"."""
    if isinstance(value, Mapping):
        return {key: comparable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(one) for one in value]
    return text_of(value) if is_scalar(value) else value


def _each(function: str, body: Any, names: Names, tests: Mapping[str, Test]) -> list[bool]:
    """All of them, as a mistake is one wherever it is."""
    if not (isinstance(body, list) and 2 <= len(body) <= 10):
        raise misused(function)
    return [is_true(one, names, tests) for one in body]


def _only(body: Any) -> Any:
    if not (isinstance(body, list) and len(body) == 1):
        raise misused("Fn::Not")
    return body[0]


_TESTS = tests_with({})
