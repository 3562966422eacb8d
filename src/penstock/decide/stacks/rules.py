"""The Rules section: what parameters must be together, before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.conditions import comparable, conditions_of, is_true, tests_with
from penstock.decide.stacks.intrinsics import evaluate, function_of
from penstock.decide.stacks.names import Names
from penstock.decide.stacks.refusals import invalid
from penstock.decide.stacks.scope import Scope
from penstock.decide.stacks.values import Folding
from penstock.documents.templates import Rule, Template
from penstock.errors import not_implemented


def check_rules(template: Template, scope: Scope) -> None:
    """Raises AwsError for the first assertion that does not hold."""
    if not template.rules:
        return
    conditions = conditions_of(template, scope)
    names = Folding(template, scope, conditions, frozenset())
    for name, rule in template.rules.items():
        _check(name, rule, template, scope, names)
        names.refuse_unresolved("Rules")


def _check(name: str, rule: Rule, template: Template, scope: Scope, names: Names) -> None:
    if rule.condition is not None:
        condition = _written_out(rule.condition, template, scope)
        if not is_true(condition, names, _TESTS):
            return
    for assertion, description in rule.assertions:
        if not is_true(_written_out(assertion, template, scope), names, _TESTS):
            why = description or "an assertion does not hold"
            raise invalid(f"Template validation error: Rule {name} failed: {why}")


def _written_out(body: Any, template: Template, scope: Scope) -> Any:
    """With the values of the parameters of a type for Fn::RefAll."""
    if isinstance(body, list | tuple):
        return [_written_out(one, template, scope) for one in body]
    if not isinstance(body, Mapping):
        return body
    function = function_of(body)
    if function == "Fn::RefAll":
        return _of_type(str(body[function]), template, scope)
    if function in ("Fn::ValueOf", "Fn::ValueOfAll"):
        # What parameters name, networks and the like, has attributes that nobody here knows.
        raise not_implemented(function)
    return {key: _written_out(one, template, scope) for key, one in body.items()}


def _of_type(type_: str, template: Template, scope: Scope) -> list[str]:
    values: list[str] = []
    for name, parameter in template.parameters.items():
        if parameter.type in (type_, f"List<{type_}>"):
            value = scope.parameters[name]
            values += [value] if isinstance(value, str) else value
    return values


def _contains(body: Any, names: Names) -> bool:
    values, one = _lists("Fn::Contains", body, names)
    return one in values


def _each_member_equals(body: Any, names: Names) -> bool:
    values, one = _lists("Fn::EachMemberEquals", body, names)
    return all(value == one for value in values)


def _each_member_in(body: Any, names: Names) -> bool:
    values, allowed = _lists("Fn::EachMemberIn", body, names)
    return all(value in allowed for value in values)


def _lists(function: str, body: Any, names: Names) -> Any:
    """The two parameters of a function, the first of them a list."""
    found = comparable(evaluate(body, names))
    second = list if function == "Fn::EachMemberIn" else str
    if (
        isinstance(found, list)
        and len(found) == 2
        and isinstance(found[0], list)
        and isinstance(found[1], second)
    ):
        return found
    what = "a list of strings" if second is list else "a string"
    raise invalid(f"Template error: every {function} object requires a list of strings and {what}")


_TESTS = tests_with(
    {
        "Fn::Contains": _contains,
        "Fn::EachMemberEquals": _each_member_equals,
        "Fn::EachMemberIn": _each_member_in,
    }
)
