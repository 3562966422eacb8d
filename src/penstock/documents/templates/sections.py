"""What reading the sections of a template has in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from penstock.documents.templates import Body, Path
from penstock.documents.templates.problems import Problems, pointer, shown

DESCRIBED = 1024
"""Bytes of a description."""
NAMED = 255
"""Characters of a logical id."""
_ALPHANUMERIC = re.compile("[A-Za-z0-9]+")
_GENERATED = ("Fn::ForEach", "Fn::Transform")


def members_of(
    body: Body, section: str, noun: str, most: int, problems: Problems
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A section's members that are objects, after complaints about names, number and the others.

    What a transform replaces by members (Fn::ForEach, Fn::Transform) is passed over: it is for the
    reader to say whether it may still be there.
    """
    members = mapping_of(body, section, (section,), problems)
    if len(members) > most:
        counted = f"Number of {section.lower()}, {len(members)}"
        problems.format((section,), f"{counted}, is greater than maximum allowed, {most}")
    for name, member in members.items():
        path = (section, name)
        if is_generated(name):
            continue
        if not _ALPHANUMERIC.fullmatch(name):
            problems.format(path, f"{noun} name {shown(name)} is non alphanumeric.")
        elif len(name) > NAMED:
            problems.format(path, f"{noun} name {shown(name)} is longer than {NAMED} characters.")
        if isinstance(member, dict):
            yield name, member
        else:
            problems.format(path, f"{pointer(path)} Every {section} member must be an object.")


def is_generated(key: str) -> bool:
    return key.startswith(_GENERATED)


def mapping_of(around: Body, key: str, path: Path, problems: Problems) -> dict[str, Any]:
    """The object under a key, empty where there is none."""
    value = around.get(key, {})
    if isinstance(value, dict):
        return value
    if value is None:
        problems.format(path, f"{pointer(path)} 'null' values are not allowed in templates")
    else:
        problems.format(path, f"{pointer(path)} must be an object.")
    return {}


def description_of(around: Body, path: Path, problems: Problems) -> str:
    value = around.get("Description", "")
    where = (*path, "Description")
    if isinstance(value, dict | list):
        problems.format(where, "Every Description member must be a string.")
        return ""
    text = str(value) if value is not None else ""
    if len(text.encode(errors="replace")) > DESCRIBED:
        problems.format(where, f"'Description' length is greater than {DESCRIBED}.")
    return text


def condition_of(member: dict[str, Any], path: Path, problems: Problems) -> str:
    """The name of a resource's or an output's condition."""
    name = member.get("Condition", "")
    if isinstance(name, str):
        return name
    problems.format((*path, "Condition"), "Every Condition member must be a string.")
    return ""
