"""Reads the Outputs section."""

from __future__ import annotations

import re
from typing import Any

from penstock.documents.templates import Body, Output, Path
from penstock.documents.templates.functions import check_functions
from penstock.documents.templates.problems import Problems, shown
from penstock.documents.templates.sections import condition_of, description_of, members_of

MOST = 200
_MEMBERS = frozenset(("Value", "Description", "Condition", "Export"))
_EXPORT = re.compile("[A-Za-z0-9:-]+")


def read_outputs(body: Body, problems: Problems, extended: bool) -> dict[str, Output]:
    found = {}
    for name, member in members_of(body, "Outputs", "Output", MOST, problems):
        path = ("Outputs", name)
        for key in member:
            if key not in _MEMBERS:
                problems.add((*path, key), f"Invalid template output property '{shown(key)}'")
        if member.get("Value") is None:
            problems.format(path, "Every Outputs member must contain a Value object.")
            continue
        check_functions(member["Value"], (*path, "Value"), problems, extended)
        found[name] = Output(
            member["Value"],
            description_of(member, path, problems),
            condition_of(member, path, problems),
            _export(member, path, problems, extended),
        )
    return found


def _export(member: dict[str, Any], path: Path, problems: Problems, extended: bool) -> Any:
    """The name under which other stacks import the value: a text, or a function that gives one."""
    if "Export" not in member:
        return None
    export = member["Export"]
    name = export.get("Name") if isinstance(export, dict) and len(export) == 1 else None
    if isinstance(name, int | float) and not isinstance(name, bool):
        name = str(name)
    if isinstance(name, dict):
        check_functions(name, (*path, "Export", "Name"), problems, extended)
        return name
    if isinstance(name, str) and _EXPORT.fullmatch(name):
        return name
    problems.format(
        (*path, "Export"),
        f"Output {shown(path[-1])} is malformed. The Name field of every Export member must be "
        "specified and consist only of alphanumeric characters, colons, or hyphens.",
    )
    return None
