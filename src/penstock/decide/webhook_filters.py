"""Whether a delivery passes the filters of a webhook (CP-104). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.documents.json_paths import read_path, values

_PLACE = re.compile(r"\{([^{}]+)\}")


def objections(
    filters: Sequence[Mapping[str, str]], configuration: Mapping[str, str], payload: Any
) -> list[str]:
    """A sentence for each filter that does not pass; all have to. `configuration` is that of the
    webhook's target action. Raises PathError."""
    found = (_objection(one, configuration, payload) for one in filters)
    return [f"filter {number}: {said}" for number, said in enumerate(found, 1) if said]


def _objection(one: Mapping[str, str], configuration: Mapping[str, str], payload: Any) -> str:
    path = one["jsonPath"]
    selected = values(read_path(path), payload)
    if "matchEquals" not in one:
        return "" if any(True for _ in selected) else f"{path} selects nothing"
    wanted = expanded(one["matchEquals"], configuration)
    first = None
    for value in selected:
        text = as_text(value)
        if text == wanted:
            return ""
        first = text if first is None else first
    if first is None:
        return f"{path} selects nothing, not {wanted}"
    return f"{path} is {first[:_SHOWN]}, not {wanted}"


_SHOWN = 200


def expanded(text: str, configuration: Mapping[str, str]) -> str:
    """With the values of the configuration for its keys in braces; others stay as they are."""
    return _PLACE.sub(lambda found: configuration.get(found[1], found[0]), text)


def as_text(value: Any) -> str:
    """As the payload has it, but texts without their quotes."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
