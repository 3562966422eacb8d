"""What an update changes of a resource: which properties, and whether it has to be made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NESTED = "AWS::CloudFormation::Stack"
_ABSENT = object()


def is_replaced(
    replaced_by: Iterable[str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    """Whether a property has changed that no resource changes ("BucketName", "Code/S3Bucket",
    "Rules/*/Name")."""
    return any(_at(before, path.split("/")) != _at(after, path.split("/")) for path in replaced_by)


def _at(value: Any, path: list[str]) -> Any:
    """What is at a path; of every item where it says `*`."""
    for place, name in enumerate(path):
        if name == "*":
            items = value.values() if isinstance(value, Mapping) else value
            if not isinstance(value, Mapping | list | tuple):
                return _ABSENT
            return [_at(item, path[place + 1 :]) for item in items]
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value
