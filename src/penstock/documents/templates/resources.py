"""Reads the Resources section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.templates import Body, Path, Resource
from penstock.documents.templates.functions import check_functions
from penstock.documents.templates.problems import Problems, pointer, shown
from penstock.documents.templates.sections import condition_of, mapping_of, members_of

MOST = 500
_VALUES = ("Properties", "CreationPolicy", "UpdatePolicy", "Metadata")
_MEMBERS = frozenset((*_VALUES, "Type", "DependsOn", "Condition", "Description"))
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "Snapshot", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}


def read_resources(body: Body, problems: Problems, extended: bool) -> dict[str, Resource]:
    """`extended`: the template has AWS::LanguageExtensions, so that policies may be functions."""
    if not body.get("Resources"):
        problems.format(("Resources",), "At least one Resources member must be defined.")
        return {}
    found = {}
    for name, member in members_of(body, "Resources", "Resource", MOST, problems):
        resource = _resource(member, name, problems, extended)
        if resource is not None:
            found[name] = resource
    return found


def _resource(
    member: dict[str, Any], name: str, problems: Problems, extended: bool
) -> Resource | None:
    path = ("Resources", name)
    for key in member:
        if key not in _MEMBERS and key not in _POLICIES:
            problems.add((*path, key), f"Invalid template resource property '{shown(key)}'")
    kind = member.get("Type")
    if not isinstance(kind, str) or not kind:
        where = pointer(path)
        problems.format(path, f"{where} Every Resources object must contain a Type member.")
        return None
    inner = {key: _checked(member, key, path, problems, extended) for key in _VALUES}
    return Resource(
        kind,
        inner["Properties"],
        _depends_on(member, path, problems),
        condition_of(member, path, problems),
        _policy(member, "DeletionPolicy", path, problems, extended),
        _policy(member, "UpdateReplacePolicy", path, problems, extended),
        inner["CreationPolicy"],
        inner["UpdatePolicy"],
        inner["Metadata"],
    )


def _checked(
    member: dict[str, Any], key: str, path: Path, problems: Problems, extended: bool
) -> Mapping[str, Any]:
    value = mapping_of(member, key, (*path, key), problems)
    check_functions(value, (*path, key), problems, extended)
    return value


def _depends_on(member: dict[str, Any], path: Path, problems: Problems) -> tuple[str, ...]:
    given = member.get("DependsOn", [])
    names = given if isinstance(given, list) else [given]
    if not all(isinstance(name, str) for name in names):
        problems.format((*path, "DependsOn"), "Every DependsOn value must be a string.")
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _policy(
    member: dict[str, Any], key: str, path: Path, problems: Problems, extended: bool
) -> Any:
    given = member.get(key, "")
    if isinstance(given, str):
        if given and given not in _POLICIES[key]:
            message = f"Unrecognized {key} {shown(given)} for resource {shown(path[-1])}"
            problems.format((*path, key), message)
    elif not (extended and isinstance(given, dict)):
        problems.format((*path, key), f"Every {key} member must be a string.")
        return ""
    return given
