"""Lifecycle configurations: checked as S3 checks them, carried out by store/lifecycle.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from penstock.errors import AwsError
from penstock.services.s3.access import own_bucket
from penstock.services.s3.refusals import invalid_request, malformed
from penstock.services.s3.settings import setting
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import set_setting

Document = Mapping[str, Any]
MOST = 1000  # rules
_NO_LIFECYCLE = ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
_ACTIONS = (
    *("Expiration", "Transitions", "NoncurrentVersionExpiration"),
    *("NoncurrentVersionTransitions", "AbortIncompleteMultipartUpload"),
)
_CLASSES = {
    **dict.fromkeys(("STANDARD_IA", "ONEZONE_IA"), 30),
    **dict.fromkeys(("INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"), 0),
}
"""What a transition may lead to, and after how many days at least."""
_MINIMUM = "TransitionDefaultMinimumObjectSize"
_MINIMA = ("all_storage_classes_128K", "varies_by_storage_class")


class Lifecycles(Service):
    async def put_bucket_lifecycle_configuration(self, call: Call, request: Request) -> Answer:
        rules = request.get("LifecycleConfiguration", {}).get("Rules", ())
        minimum = request.get(_MINIMUM, _MINIMA[0])
        if minimum not in _MINIMA:
            raise malformed()
        document = {"Rules": read_rules(rules), _MINIMUM: minimum}
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "lifecycle", document)
        return {_MINIMUM: minimum}

    async def get_bucket_lifecycle_configuration(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        document = setting(bucket, "lifecycle", _NO_LIFECYCLE)
        return {**document, "Rules": [_with_dates(rule) for rule in document["Rules"]]}

    async def delete_bucket_lifecycle(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "lifecycle", None)
        return {}


def read_rules(rules: Sequence[Document]) -> list[dict[str, Any]]:
    """Rules as they are kept: with an id each, dates as texts. Raises AwsError."""
    if not 1 <= len(rules) <= MOST:
        raise malformed()
    found = [{"ID": uuid4().hex, **_dated(rule)} for rule in rules]
    for rule in found:
        if len(rule["ID"]) > 255:
            raise _invalid("ID length should not exceed allowed limit of 255")
        _check_rule(rule)
    if len({rule["ID"] for rule in found}) < len(found):
        raise _invalid("Rule ID must be unique. Found same ID for more than one rule")
    return found


def _check_rule(rule: Document) -> None:
    if rule["Status"] not in ("Enabled", "Disabled"):
        raise malformed()
    if not any(rule.get(action) for action in _ACTIONS):
        raise invalid_request("At least one action needs to be specified in a rule")
    tags = _check_filter(rule)
    expiration = rule.get("Expiration")
    if expiration is not None:
        _check_expiration(expiration, tags)
    for move in rule.get("Transitions", ()):
        _check_move(move, "Days", rule)
    for move in rule.get("NoncurrentVersionTransitions", ()):
        _check_move(move, "NoncurrentDays", rule)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent:
        _check_days(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration")
        if not 1 <= noncurrent.get("NewerNoncurrentVersions", 1) <= 100:
            raise _invalid(
                "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a"
                " positive integer of at most 100"
            )
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort:
        if tags:
            raise invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
        _check_days(abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


def _check_filter(rule: Document) -> bool:
    """Whether it asks for tags. Raises AwsError for a filter of no shape S3 knows."""
    if ("Filter" in rule) == ("Prefix" in rule):
        raise malformed()
    found = rule.get("Filter") or {}
    both = found.get("And")
    if len(found) > 1 or (both is not None and len(both) + len(both.get("Tags", ())) < 2):
        raise malformed()
    sizes = both or found
    above, below = sizes.get("ObjectSizeGreaterThan"), sizes.get("ObjectSizeLessThan")
    if above is not None and below is not None and above >= below:
        raise invalid_request(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        )
    return "Tag" in found or bool(sizes.get("Tags"))


def _check_expiration(expiration: Document, tags: bool) -> None:
    if len(expiration) != 1:
        raise malformed()
    if "ExpiredObjectDeleteMarker" in expiration and tags:
        raise invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    _check_date(expiration)
    if "Days" in expiration:
        _check_days(expiration, "Days", "Expiration")


def _check_move(move: Document, days: str, rule: Document) -> None:
    name = move.get("StorageClass")
    if name not in _CLASSES or (days not in move) == ("Date" not in move):
        raise malformed()
    _check_date(move)
    if days not in move:
        return
    if move[days] < _CLASSES[name]:
        raise _invalid(
            f"'{days}' in Transition action must be greater than or equal to {_CLASSES[name]} for"
            f" storageClass '{name}'"
        )
    ends = rule.get("Expiration" if days == "Days" else "NoncurrentVersionExpiration") or {}
    if move[days] >= ends.get(days, move[days] + 1):
        raise _invalid(
            f"'{days}' in the Expiration action for filter must be greater than '{days}' in the"
            " Transition action"
        )


def _check_days(document: Document, member: str, action: str) -> None:
    if member not in document:
        raise malformed()
    if document[member] <= 0:
        raise _invalid(f"'{member}' for {action} action must be a positive integer")


def _check_date(document: Document) -> None:
    if "Date" in document and not document["Date"].endswith("T00:00:00+00:00"):
        raise _invalid("'Date' must be at midnight GMT")


def _dated(value: Any) -> Any:
    """A document with its points in time as texts, for rows."""
    if isinstance(value, dict):
        return {key: _dated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _with_dates(value: Any) -> Any:
    """The other way round."""
    if isinstance(value, list):
        return [_with_dates(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: datetime.fromisoformat(item) if key == "Date" else _with_dates(item)
        for key, item in value.items()
    }


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message)
