"""Lifecycle rules, which templates write in other words than S3's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.shaping import check_names

_SAME = ("Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
_EXPIRY = {
    "ExpirationDate": "Date",
    "ExpirationInDays": "Days",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_FILTER = ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
_TRANSITION = {"StorageClass": "StorageClass", "TransitionDate": "Date", "TransitionInDays": "Days"}
_NONCURRENT = {
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
    "StorageClass": "StorageClass",
    "TransitionInDays": "NoncurrentDays",
}
_OLD = ("Transition", "NoncurrentVersionTransition", "NoncurrentVersionExpirationInDays")
"""How templates said it once."""
_NAMES = (
    *("Id", "TagFilters", "Transitions", "NoncurrentVersionTransitions"),
    *(*_SAME, *_EXPIRY, *_FILTER, *_OLD),
)


def lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Raises AwsError for a property that rules do not have."""
    check_names(rule, _NAMES)
    made: dict[str, Any] = {name: rule[name] for name in _SAME if name in rule}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if "NoncurrentVersionExpirationInDays" in rule:
        days = rule["NoncurrentVersionExpirationInDays"]
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    if expiry := {_EXPIRY[name]: rule[name] for name in _EXPIRY if name in rule}:
        made["Expiration"] = expiry
    if moves := _moves(rule, "Transition", _TRANSITION):
        made["Transitions"] = moves
    if moves := _moves(rule, "NoncurrentVersionTransition", _NONCURRENT):
        made["NoncurrentVersionTransitions"] = moves
    return {**made, "Filter": _filter(rule)}


def _moves(rule: Mapping[str, Any], name: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    given = [*rule.get(f"{name}s", ()), *([rule[name]] if name in rule else ())]
    for move in given:
        check_names(move, names)
    return [{names[key]: move[key] for key in move} for move in given]


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One condition stands alone, several stand below And; none is one for everything."""
    found = {name: rule[name] for name in _FILTER if name in rule}
    tags = list(rule.get("TagFilters", ()))
    if len(found) + len(tags) > 1:
        return {"And": {**found, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return found or {"Prefix": ""}
