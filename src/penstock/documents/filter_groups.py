"""Filter groups of a webhook as frozen values (CB-170…172; AWS: github-webhook, CreateWebhook)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple


class WebhookEvent(StrEnum):
    """What an EVENT filter names."""

    PUSH = "PUSH"
    PULL_REQUEST_CREATED = "PULL_REQUEST_CREATED"
    PULL_REQUEST_UPDATED = "PULL_REQUEST_UPDATED"
    PULL_REQUEST_REOPENED = "PULL_REQUEST_REOPENED"
    PULL_REQUEST_MERGED = "PULL_REQUEST_MERGED"
    PULL_REQUEST_CLOSED = "PULL_REQUEST_CLOSED"
    RELEASED = "RELEASED"
    PRERELEASED = "PRERELEASED"
    WORKFLOW_JOB_QUEUED = "WORKFLOW_JOB_QUEUED"

    @property
    def of_pull_request(self) -> bool:
        return self.startswith("PULL_REQUEST_")


class FilterType(StrEnum):
    """What a filter looks at."""

    EVENT = "EVENT"
    ACTOR_ACCOUNT_ID = "ACTOR_ACCOUNT_ID"
    HEAD_REF = "HEAD_REF"
    BASE_REF = "BASE_REF"
    FILE_PATH = "FILE_PATH"
    COMMIT_MESSAGE = "COMMIT_MESSAGE"
    TAG_NAME = "TAG_NAME"
    RELEASE_NAME = "RELEASE_NAME"
    WORKFLOW_NAME = "WORKFLOW_NAME"
    REPOSITORY_NAME = "REPOSITORY_NAME"
    ORGANIZATION_NAME = "ORGANIZATION_NAME"


class EventFilter(NamedTuple):
    """Passes for any of `events`; `exclude` inverts."""

    events: frozenset[WebhookEvent]
    exclude: bool = False

    def passes(self, event: WebhookEvent) -> bool:
        return (event in self.events) != self.exclude


class PatternFilter(NamedTuple):
    """Passes where `pattern` is found in a text that `type` looks at; `exclude` inverts."""

    type: FilterType
    pattern: re.Pattern[str]
    exclude: bool = False

    def passes(self, texts: Sequence[str]) -> bool:
        return any(self.pattern.search(text) for text in texts) != self.exclude


class FilterGroup(NamedTuple):
    """Passes where all of its filters do; it has one for events at least."""

    events: tuple[EventFilter, ...]
    patterns: tuple[PatternFilter, ...] = ()

    @property
    def passing(self) -> tuple[WebhookEvent, ...]:
        """The events that may pass."""
        return tuple(
            event for event in WebhookEvent if all(one.passes(event) for one in self.events)
        )


class FilterGroups(NamedTuple):
    """`groups` of a document without `problems`, each a sentence as AWS says it."""

    groups: tuple[FilterGroup, ...]
    problems: tuple[str, ...]


ANYWHERE = (
    FilterType.ACTOR_ACCOUNT_ID,
    FilterType.REPOSITORY_NAME,
    FilterType.ORGANIZATION_NAME,
)
_OF_PUSH = (*ANYWHERE, FilterType.HEAD_REF, FilterType.FILE_PATH, FilterType.COMMIT_MESSAGE)
_OF_RELEASE = (*ANYWHERE, FilterType.TAG_NAME, FilterType.RELEASE_NAME)


def allowed_types(event: WebhookEvent) -> tuple[FilterType, ...]:
    """The filters that an event has something to look at for."""
    if event.of_pull_request:
        return (*_OF_PUSH, FilterType.BASE_REF)
    if event is WebhookEvent.PUSH:
        return _OF_PUSH
    if event is WebhookEvent.WORKFLOW_JOB_QUEUED:
        return (*ANYWHERE, FilterType.WORKFLOW_NAME)
    return _OF_RELEASE


def read_filter_groups(document: Sequence[Sequence[Mapping[str, Any]]]) -> FilterGroups:
    """Reads the API's `filterGroups`; finds every problem, not the first.

    Patterns are Python's regular expressions: the few things only Java's have are problems.
    """
    problems: list[str] = []
    groups = tuple(_group(filters, problems) for filters in document)
    return FilterGroups(() if problems else groups, tuple(problems))


def _group(filters: Sequence[Mapping[str, Any]], problems: list[str]) -> FilterGroup:
    events = tuple(_event(one, problems) for one in filters if one["type"] == FilterType.EVENT)
    patterns = tuple(_patterns(filters, problems))
    group = FilterGroup(events, patterns)
    if not events:
        problems.append("A filter group must have at least one filter of type EVENT")
    elif all(one.events for one in events):
        problems.extend(_misplaced(group))
    return group


def _event(one: Mapping[str, Any], problems: list[str]) -> EventFilter:
    words = [word.strip() for word in one["pattern"].split(",")]
    known = frozenset(WebhookEvent(word) for word in words if word in WebhookEvent.__members__)
    problems.extend(
        f"Invalid EVENT filter pattern provided: {word!r}"
        for word in words
        if word not in WebhookEvent.__members__
    )
    return EventFilter(known, bool(one.get("excludeMatchedPattern")))


def _patterns(filters: Sequence[Mapping[str, Any]], problems: list[str]) -> Iterator[PatternFilter]:
    for one in filters:
        kind, text = one["type"], one["pattern"]
        if kind == FilterType.EVENT:
            continue
        if kind not in FilterType.__members__:
            problems.append(f"Invalid filter type provided: {kind}")
            continue
        try:
            pattern = re.compile(text)
        except re.error as error:
            problems.append(f"Invalid {kind} filter pattern provided: {text!r}: {error}")
            continue
        yield PatternFilter(FilterType(kind), pattern, bool(one.get("excludeMatchedPattern")))


def _misplaced(group: FilterGroup) -> Iterator[str]:
    """A filter that some event of its group has nothing for could never be meant."""
    for event in group.passing:
        allowed = allowed_types(event)
        wrong = dict.fromkeys(one.type for one in group.patterns if one.type not in allowed)
        if wrong:
            yield (
                "The following filter types are not allowed for GitHub webhook when EVENT is"
                f" [{event}]: [{', '.join(wrong)}]. Make sure input filter types are supported"
                " by all the EVENT types specified."
            )
