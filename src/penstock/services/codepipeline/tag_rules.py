"""What tags a resource may have (CP-016); pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from penstock.errors import AwsError

MOST_TAGS = 50
Tags = Mapping[str, str]


def checked_tags(arn: str, tags: Tags, added: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """All tags after adding some. Raises TooManyTagsException, InvalidTagsException."""
    given = [(one["key"], one["value"]) for one in added]
    check_keys(key for key, _ in given)
    if len(dict(given)) < len(given):
        raise AwsError("InvalidTagsException", "Tag keys must be unique")
    after = {**tags, **dict(given)}
    if len(after) > MOST_TAGS:
        raise AwsError("TooManyTagsException", f"Tag limit exceeded for resource [{arn}].")
    return after


def check_keys(keys: Iterable[str]) -> None:
    """Raises InvalidTagsException for keys of AWS's own."""
    if any(key.lower().startswith("aws:") for key in keys):
        raise AwsError(
            "InvalidTagsException",
            "Not allowed to modify system tags. System tags start with 'aws:'. "
            "msg=[Caller is an end user and not allowed to mutate system tags]",
        )


def shown_tags(tags: Tags) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
