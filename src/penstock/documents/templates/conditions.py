"""Reads the Conditions and Rules sections (TG-115)."""

from __future__ import annotations

from typing import Any

from penstock.documents.templates import Body, Path, Rule
from penstock.documents.templates.functions import check_functions
from penstock.documents.templates.graph import in_circles
from penstock.documents.templates.problems import Problems, shown
from penstock.documents.templates.references import conditions_of
from penstock.documents.templates.sections import is_generated, mapping_of, members_of

_BOOLEAN = frozenset(("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"))
MOST_RULES = 200
"""CloudFormation documents no limit of its own; that of parameters is generous."""
_MEMBERS = frozenset(("RuleCondition", "Assertions"))


def read_conditions(body: Body, problems: Problems) -> dict[str, Any]:
    found = mapping_of(body, "Conditions", ("Conditions",), problems)
    conditions = {name: value for name, value in found.items() if not is_generated(name)}
    for name, condition in conditions.items():
        path = ("Conditions", name)
        if not (isinstance(condition, dict) and len(condition) == 1 and {*condition} <= _BOOLEAN):
            message = "Conditions can only be boolean operations on parameters and other conditions"
            problems.format(path, message)
        else:
            check_functions(condition, path, problems, extended=True)
            _check_named(condition, path, conditions, problems)
    _check_circles(conditions, problems)
    return conditions


def _check_named(
    condition: Any, path: Path, conditions: dict[str, Any], problems: Problems
) -> None:
    for where, name in conditions_of(condition, path):
        if name not in conditions:
            message = f"Unresolved condition dependency {shown(name)} in the Conditions block"
            problems.format(where, f"{message} of the template")


def _check_circles(conditions: dict[str, Any], problems: Problems) -> None:
    needs = {name: [one for _, one in conditions_of(it)] for name, it in conditions.items()}
    circles = in_circles(needs)
    if circles:
        message = f"Circular dependency between conditions: [{', '.join(sorted(circles))}]"
        problems.format(("Conditions", circles[0]), message)


def read_rules(body: Body, problems: Problems) -> dict[str, Rule]:
    return {
        name: _rule(member, ("Rules", name), problems)
        for name, member in members_of(body, "Rules", "Rule", MOST_RULES, problems)
    }


def _rule(member: dict[str, Any], path: Path, problems: Problems) -> Rule:
    for key in member:
        if key not in _MEMBERS:
            problems.add((*path, key), f"Invalid template rule property '{shown(key)}'")
    assertions = member.get("Assertions")
    if not isinstance(assertions, list) or not assertions:
        problems.format(path, "Every Rules object must contain an Assertions member.")
        assertions = []
    check_functions(member, path, problems, extended=True)
    read = []
    for index, one in enumerate(assertions):
        if isinstance(one, dict) and "Assert" in one:
            read.append((one["Assert"], str(one.get("AssertDescription", ""))))
        else:
            where = (*path, "Assertions", index)
            problems.format(where, "Every Assertions member must contain an Assert member.")
    return Rule(member.get("RuleCondition"), tuple(read))
