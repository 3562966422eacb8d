"""CUCUMBERJSON: the JSON formatter of cucumber-js, cucumber-jvm, cucumber-ruby, behave (CB-067).

A scenario is a test case, its feature the prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.runner.codebuild.reports.figures import whole
from penstock.runner.codebuild.reports.json import load, mapping, objects, string
from penstock.runner.codebuild.reports.model import CaseStatus, TestCase, Unreadable, make_case

# What failed a step counts before what stopped it from running. A step that is undefined or pending
# neither passed nor failed: none of AWS's words.
_WORST_FIRST = (
    (CaseStatus.FAILED, ("failed", "ambiguous")),
    (CaseStatus.UNKNOWN, ("undefined", "pending", "unknown")),
    (CaseStatus.SKIPPED, ("skipped", "untested")),
)


def read(path: str) -> Iterator[TestCase]:
    document = load(path)
    if not isinstance(document, list):
        raise Unreadable(
            "Cucumber's JSON is a list of features; this is none (messages are not read)"
        )
    for feature in objects(document):
        yield from _scenarios(feature)


def _scenarios(feature: dict[str, Any]) -> Iterator[TestCase]:
    """cucumber-jvm and -ruby write the background as an element before each scenario."""
    background: list[dict[str, Any]] = []
    for element in objects(feature.get("elements")):
        steps = _steps(element)
        if element.get("type") == "background":
            background = steps
            continue
        yield _case(feature, element, background + steps)
        background = []


def _steps(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps and hooks in the order they run; each has a `result`."""
    steps = objects(element.get("before"))
    for step in objects(element.get("steps")):
        steps += [*objects(step.get("before")), step, *objects(step.get("after"))]
    return steps + objects(element.get("after"))


def _case(
    feature: dict[str, Any], scenario: dict[str, Any], steps: list[dict[str, Any]]
) -> TestCase:
    results = [mapping(step.get("result")) for step in steps]
    return make_case(
        string(scenario.get("name")),
        string(feature.get("name")) or string(feature.get("uri")),
        _status([string(result.get("status")).lower() for result in results]),
        sum(whole(result.get("duration")) for result in results),
        _message(steps),
    )


def _status(statuses: list[str]) -> CaseStatus:
    for status, words in _WORST_FIRST:
        if any(word in words for word in statuses):
            return status
    if not statuses:
        return CaseStatus.SKIPPED  # a scenario without steps: nothing ran
    passed = all(word == "passed" for word in statuses)
    return CaseStatus.SUCCEEDED if passed else CaseStatus.UNKNOWN


def _message(steps: list[dict[str, Any]]) -> str:
    """The first step that failed, and what it said."""
    for step in steps:
        result = mapping(step.get("result"))
        error = result.get("error_message")
        if isinstance(error, list):  # behave writes a list of lines
            error = "\n".join(string(line) for line in error)
        if error and isinstance(error, str):
            return f"{string(step.get('keyword'))}{string(step.get('name'))}\n{error}".lstrip()
    return ""
