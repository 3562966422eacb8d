"""Reads the Mappings section: name -> key -> attribute -> text or list."""

from __future__ import annotations

import re
from typing import Any

from penstock.documents.templates import Body, Path
from penstock.documents.templates.problems import Problems, pointer, shown
from penstock.documents.templates.sections import members_of

MOST = 200
_ATTRIBUTE = re.compile("[A-Za-z0-9.-]+")

Mapped = dict[str, dict[str, dict[str, Any]]]


def read_mappings(body: Body, problems: Problems) -> Mapped:
    return {
        name: _mapping(member, ("Mappings", name), problems)
        for name, member in members_of(body, "Mappings", "Mapping", MOST, problems)
        if "Fn::Transform" not in member  # which is yet to give its keys
    }


def _mapping(member: dict[str, Any], path: Path, problems: Problems) -> dict[str, dict[str, Any]]:
    keys = {}
    for key, attributes in member.items():
        where = (*path, key)
        if isinstance(attributes, dict):
            keys[key] = attributes
            _check_attributes(attributes, where, problems)
        else:
            problems.format(where, f"{pointer(where)} Every Mappings member must be a map.")
    return keys


def _check_attributes(attributes: dict[str, Any], path: Path, problems: Problems) -> None:
    for name, value in attributes.items():
        where = (*path, name)
        if not _ATTRIBUTE.fullmatch(name):
            message = f"Mapping attribute name '{shown(name)}' must contain only alphanumeric"
            problems.format(where, f"{message} characters.")
        items = value if isinstance(value, list) else [value]
        if any(one is None or isinstance(one, dict | list) for one in items):
            problems.format(where, "Every Mappings attribute must be a String or a List.")
