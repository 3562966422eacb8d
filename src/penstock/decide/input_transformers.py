"""What a target is given of an event (TG-095, TG-096). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.documents.input_templates import (
    InputError,
    InputPath,
    Placeholder,
    Template,
    read_path,
    read_template,
)

LONGEST = 1 << 18
"""Characters of what a template comes to; events are no longer either."""
_ABSENT: Any = object()


class Surroundings(NamedTuple):
    """What templates may name beside the event. `ingested` is a time as JSON has it."""

    rule_arn: str
    rule_name: str
    ingested: str


def input_of(target: Mapping[str, Any], event: Mapping[str, Any], about: Surroundings) -> str:
    """The text for a target, which is the API's Target. Raises InputError where a template does not
    come to JSON with this event's values."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return _json(_found(read_path(target["InputPath"]), event))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, about)
    return _json(event)


def select(path: InputPath, event: Any) -> Any:
    """The value at a path; where a step takes all, the list of what is found. Raises KeyError."""
    found, several = [event], False
    for step in path.steps:
        if step is None:
            found = [inner for value in found for inner in _inner(value)]
            several = True
        else:
            found = [inner for value in found if (inner := _at(value, step)) is not _ABSENT]
    if several:
        return found
    if not found:
        raise KeyError(path)
    return found[0]


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _at(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT
    there = isinstance(value, list) and -len(value) <= step < len(value)
    return value[step] if there else _ABSENT


def _found(path: InputPath, event: Any) -> Any:
    """What a path does not find is an empty text."""
    try:
        return select(path, event)
    except KeyError:
        return ""


def _transformed(
    transformer: Mapping[str, Any], event: Mapping[str, Any], about: Surroundings
) -> str:
    paths = transformer.get("InputPathsMap", {})
    template = read_template(transformer["InputTemplate"], paths)
    values = {name: _found(read_path(path), event) for name, path in paths.items()}
    values |= _predefined(event, about)
    text = _filled(template, values)
    if not template.text:
        _check(text)
    return text


def _filled(template: Template, values: Mapping[str, Any]) -> str:
    """Raises InputError where it becomes too long: a template may name a long value many times."""
    shown: dict[Placeholder, str] = {}
    parts, length = [], 0
    for part in template.parts:
        if isinstance(part, Placeholder):
            if part not in shown:
                shown[part] = _shown(part, values[part.name], template)
            parts.append(shown[part])
        else:
            parts.append(part)
        length += len(parts[-1])
        if length > LONGEST:
            raise InputError(f"the input has more than {LONGEST} characters")
    return "".join(parts)


def _predefined(event: Mapping[str, Any], about: Surroundings) -> dict[str, Any]:
    brief = {name: value for name, value in event.items() if name not in ("detail", "detail-type")}
    return {
        "aws.events.rule-arn": about.rule_arn,
        "aws.events.rule-name": about.rule_name,
        "aws.events.event.ingestion-time": about.ingested,
        "aws.events.event": {**brief, "detailType": event["detail-type"]},
        "aws.events.event.json": event,
    }


def _shown(placeholder: Placeholder, value: Any, template: Template) -> str:
    if not placeholder.quoted:
        return _json(value)
    if isinstance(value, str):
        return _json(value)[1:-1]
    return _json(value).replace('"', "") if template.text else _json(value)


def _check(text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"the input is not JSON: {text[:200]}") from None


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
