"""The tags of a resource: its own, and below them the stack's.

Those that begin with `aws:` are left out: services refuse them of every caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.resources.contract import Job

Tags = dict[str, str]


class TagChange(NamedTuple):
    put: Tags
    gone: list[str]


def tags_of(job: Job) -> Tags:
    own = read_tags(job.properties.get("Tags"))
    return {key: value for key, value in {**job.tags, **own}.items() if not _is_reserved(key)}


def tag_change(job: Job) -> TagChange:
    """What an update does to the tags: those that somebody else gave stay."""
    now = tags_of(job)
    before = {**job.previous_tags, **read_tags(job.previous.get("Tags"))}
    return TagChange(now, sorted(key for key in before if key not in now and not _is_reserved(key)))


def read_tags(given: Any) -> Tags:
    """A template's tags, in either way that templates write them."""
    if isinstance(given, Mapping):
        return {str(key): _text(value) for key, value in given.items()}
    try:
        return {str(tag["Key"]): _text(tag.get("Value", "")) for tag in given or ()}
    except (AttributeError, KeyError, TypeError):
        message = "Value of property Tags must be a list of objects with Key and Value"
        raise AwsError("ValidationError", message) from None


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[Tags]:
    """As most services take tags; some call their members `key` and `value`."""
    return [{key: name, value: one} for name, one in tags.items()]


def _is_reserved(key: str) -> bool:
    return key.lower().startswith("aws:")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
