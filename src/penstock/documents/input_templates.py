"""Input paths and templates of EventBridge's targets as frozen values (TG-095, TG-096)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import NamedTuple

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]\s'\"()*?@,:]+)|\[\s*(?:'(?P<quoted>[^']*)'|\"(?P<doubly>[^\"]*)\""
    r"|(?P<index>-?[0-9]{1,9})|(?P<all>\*))\s*\]|(?P<every>\.\*)"
)
_PLACEHOLDER = re.compile(r"<([^<>\s\"]+)>")

PREDEFINED = frozenset(
    f"aws.events.{name}"
    for name in ("rule-arn", "rule-name", "event", "event.json", "event.ingestion-time")
)

Step = str | int | None
"""A member's name, an item's index, or None for all that there is."""


class InputError(Exception):
    """Says what is wrong with a path or a template."""


class InputPath(NamedTuple):
    steps: tuple[Step, ...]


class Placeholder(NamedTuple):
    """`quoted` is whether it stands inside of a JSON string."""

    name: str
    quoted: bool


class Template(NamedTuple):
    """Literal texts and placeholders in their order. `text` is whether it consists of strings only;
    otherwise it comes to one JSON value."""

    parts: tuple[str | Placeholder, ...]
    text: bool


def read_path(text: str) -> InputPath:
    """`$.detail.list[0]['odd name']`; filters and slices are not supported. Raises InputError."""
    if not text.startswith("$"):
        raise InputError(f"{text} does not begin with $")
    steps: list[Step] = []
    place = 1
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise InputError(f"{text} cannot be understood from character {place + 1} on")
        steps.append(_step(found))
        place = found.end()
    return InputPath(tuple(steps))


def _step(found: re.Match[str]) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    for group in ("name", "quoted", "doubly"):
        if found[group] is not None:
            return str(found[group])
    return None


def read_template(text: str, names: Collection[str]) -> Template:
    """Raises InputError: whose text is the name of a placeholder that nobody has declared."""
    parts: list[str | Placeholder] = []
    place, quoted = 0, False
    for found in _PLACEHOLDER.finditer(text):
        literal = text[place : found.start()]
        quoted = _ends_quoted(literal, quoted)
        if found[1] not in names and found[1] not in PREDEFINED:
            raise InputError(found[1])
        parts += [literal, Placeholder(found[1], quoted)]
        place = found.end()
    parts.append(text[place:])
    return Template(tuple(part for part in parts if part), text.lstrip().startswith('"'))


def is_sound(template: Template) -> bool:
    """Whether it comes to JSON, or to strings in lines, when all of its values are simple."""
    made = "".join(
        part if isinstance(part, str) else "0" if part.quoted else '"0"' for part in template.parts
    )
    lines = [line for line in made.splitlines() if line.strip()] if template.text else [made]
    try:
        values = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return False
    return not template.text or all(isinstance(value, str) for value in values)


def _ends_quoted(literal: str, quoted: bool) -> bool:
    escaped = False
    for sign in literal:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
    return quoted
