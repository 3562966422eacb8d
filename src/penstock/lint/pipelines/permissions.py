"""What a role of the template allows, as far as its policies are all in the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from penstock.lint.templates.subject import World
from penstock.lint.templates.symbols import is_open

ROLE = "AWS::IAM::Role"
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def allows(world: World, role: Any, action: str) -> bool | None:
    """Whether some statement allows the action, whatever the resource; None where not all that
    the role may is in the template."""
    name = _role(world, role)
    if not name:
        return None
    documents = list(_documents(world, name))
    if None in documents:
        return None
    answers = [_statement(one, action) for document in documents for one in _statements(document)]
    if True in answers:
        return True
    return None if None in answers else False


def _role(world: World, value: Any) -> str:
    target = world.target(value)
    return target[0] if target and world.type_of(target[0]) == ROLE else ""


def _documents(world: World, role: str) -> Iterator[Any]:
    """The policies of the role; None for each that is elsewhere."""
    properties = world.properties(role).value
    for policy in _list(properties.get("Policies")):
        yield policy.get("PolicyDocument") if isinstance(policy, dict) else None
    for arn in _list(properties.get("ManagedPolicyArns")):
        target = world.target(arn)
        yield world.properties(target[0]).value.get("PolicyDocument") if target else None
    for name in world.named(*_POLICIES):
        given = world.properties(name).value
        roles = [*_list(given.get("Roles")), given.get("RoleName")]
        if any(_is_role(world, one, role) for one in roles):
            yield given.get("PolicyDocument")
        elif any(is_open(one) and world.target(one) is None for one in roles):
            yield None


def _is_role(world: World, value: Any, role: str) -> bool:
    target = world.target(value)
    if target is not None:
        return target[0] == role
    own = world.properties(role).value.get("RoleName")
    return own is not None and own == value


def _statements(document: Any) -> list[Any]:
    given = document.get("Statement") if isinstance(document, dict) else None
    return given if isinstance(given, list) else [given]


def _statement(statement: Any, action: str) -> bool | None:
    """Whether the statement allows it; None where it cannot be read."""
    if not isinstance(statement, dict):
        return None
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return True
    actions = _list(statement.get("Action"))
    if any(isinstance(one, str) and _covers(one, action) for one in actions):
        return True
    return (
        None if not actions or any(not isinstance(x, str) or is_open(x) for x in actions) else False
    )


def _covers(pattern: str, action: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
