"""ParameterFilters: which parameters a listing shows (TG-079)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.errors import AwsError

Filter = Mapping[str, Any]

_OPTIONS: dict[str, tuple[str, ...]] = {
    "Name": ("Equals", "BeginsWith", "Contains"),
    "Type": ("Equals", "BeginsWith"),
    "KeyId": ("Equals", "BeginsWith"),
    "Path": ("OneLevel", "Recursive"),
    "Label": ("Equals",),
    "Tier": ("Equals",),
    "DataType": ("Equals",),
}
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "BeginsWith": str.startswith,
    "Contains": str.__contains__,
    "Recursive": lambda name, path: name.startswith(_folder(path)),
    "OneLevel": lambda name, path: (
        name.startswith(_folder(path)) and "/" not in name[len(_folder(path)) :]
    ),
}
BY_PATH = ("Type", "KeyId", "Label")


def check_filters(filters: Sequence[Filter], keys: Sequence[str] = ()) -> None:
    """Raises AwsError for a filter AWS would refuse; `keys` are the only ones allowed, if any."""
    for wanted in filters:
        key = wanted["Key"]
        if keys and key not in keys:
            raise AwsError(
                "InvalidFilterKey",
                f"The following filter key is not valid: {key}. Valid filter keys include:"
                f" [{', '.join(keys)}].",
            )
        options = _options(key)
        if wanted.get("Option", options[0]) not in options:
            raise AwsError(
                "InvalidFilterOption",
                f"The following filter option is not valid: {wanted['Option']}. Valid options"
                f" include: [{', '.join(options)}].",
            )
        if not wanted.get("Values") and not key.startswith("tag:"):
            raise AwsError("InvalidFilterValue", f"Filter {key} has no values.")


def _options(key: str) -> tuple[str, ...]:
    if key.startswith("tag:"):
        return ("Equals",)
    if key not in _OPTIONS:
        raise AwsError(
            "InvalidFilterKey",
            f"The following filter key is not valid: {key}. Valid filter keys include:"
            f" [{', '.join(_OPTIONS)}, tag:<key>].",
        )
    return _OPTIONS[key]


def passes(row: Any, filters: Sequence[Filter]) -> bool:
    """Whether a parameter passes all filters; of a filter's values one is enough."""
    return all(_passes(row, wanted) for wanted in filters)


def _passes(row: Any, wanted: Filter) -> bool:
    key, values = wanted["Key"], wanted.get("Values") or []
    test = _TESTS[wanted.get("Option", _options(key)[0])]
    if key.startswith("tag:"):
        tag = row.tags.get(key.removeprefix("tag:"))
        return tag is not None and (not values or tag in values)
    return any(test(have, value) for have in _have(row, key) for value in values)


def _have(row: Any, key: str) -> list[str]:
    match key:
        case "Name" | "Path":
            return [row.name]
        case "Label":
            return list(row.labels)
        case "KeyId":
            return [row.key_id] if row.key_id else []
        case "DataType":
            return [row.data_type]
        case _:
            return [row.type if key == "Type" else row.tier]


def _folder(path: str) -> str:
    return path if path.endswith("/") else path + "/"
