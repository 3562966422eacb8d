from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.cli.rehearsal.builds import Failure
from penstock.cli.rehearsal.endings import Broken, ending_of
from penstock.cli.terminal import Terminal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def action(place: str, start: float, end: float, category: str = "Build") -> dict[str, Any]:
    stage, _, name = place.partition("/")
    return {
        "stageName": stage,
        "actionName": name,
        "startTime": at(start),
        "lastUpdateTime": at(end),
        "input": {"actionTypeId": {"category": category}},
    }


def run(status: str, seconds: float) -> dict[str, Any]:
    return {
        "pipelineExecutionId": "1f3c",
        "status": status,
        "startTime": NOON,
        "lastUpdateTime": at(seconds),
    }


def test_green_says_where_each_second_went() -> None:
    actions = [
        action("Source/App", 0.5, 1),
        action("Build/A", 1, 5),
        action("Build/B", 2, 7),
        action("Build/A", 7, 8),
        action("Ask/Me", 8.5, 9.5, "Approval"),
    ]
    ending = ending_of("app", run("Succeeded", 10), actions, ())
    assert ending.lines(Terminal()) == [
        "",
        "SUCCEEDED in 10.0 s",
        "  Source/App            0.50 s    5 %",
        "  Build/A               5.00 s   50 %",
        "  Build/B               5.00 s   50 %",
        "  Ask/Me (approval)     1.00 s   10 %",
        "  between actions       1.50 s",
    ]


def test_red_begins_with_the_line_that_failed() -> None:
    failure = Failure("buildspec.yml:9", "npm test\nmore", "exit status 1", ("1 failed",))
    broken = (Broken("Build/A", "Build failed", failure), Broken("Build/B", "No bucket", None))
    ending = ending_of("app", run("Failed", 3), [action("Build/A", 0, 2)], broken)
    assert ending.lines(Terminal()) == [
        "",
        "FAILED in Build/A after 3.0 s",
        "  buildspec.yml:9  npm test …",
        "  exit status 1",
        "  | 1 failed",
        "  Build/B  No bucket",
    ]
    assert ending.members()["failures"][0] == {
        "action": "Build/A",
        "message": "Build failed",
        "place": "buildspec.yml:9",
        "text": "npm test\nmore",
        "reason": "exit status 1",
        "tail": ("1 failed",),
    }


def test_an_execution_without_actions_has_an_end_too() -> None:
    ending = ending_of("app", run("Stopped", 0), [], ())
    assert ending.lines(Terminal()) == ["", "STOPPED after 0.0 s"]
