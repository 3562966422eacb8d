"""`penstock logs`: the log of a build, or of any group, to its end or as it grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from penstock.cli.api import ENDPOINT, Api, find_build
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.server_command import HELP, CommandError, options

USAGE = Usage(
    "logs",
    "Prints a log: of a build (`build/PROJECT:NUMBER`, `build/PROJECT`), of a group or a stream.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--follow", "-f"), "go on as the log grows, with a build until it has ended"),
        HELP,
    ),
    words="build/BUILD | GROUP [STREAM]",
    notes="A BUILD is PROJECT:NUMBER, an id or ARN, or PROJECT, which is its latest.",
)
_AGAIN = 0.3  # seconds until a log that has not grown is looked at again
_BUILD = "build/"


def perform(given: Given) -> int:
    if not 1 <= len(given.words) <= 2:
        raise UsageError("penstock logs takes build/BUILD, or a GROUP and maybe a STREAM")
    api, follow = Api(given), given.has("follow")
    name = given.words[0]
    if len(given.words) == 1 and name.startswith(_BUILD):
        lines = _of_build(api, name.removeprefix(_BUILD), follow=follow)
    elif len(given.words) == 2:
        lines = _of_stream(api.client("logs"), *given.words, follow=follow)
    else:
        lines = _of_group(api.client("logs"), name, follow=follow)
    for line in lines:
        sys.stdout.write(line if line.endswith("\n") else line + "\n")
        sys.stdout.flush()
    return 0


def _of_build(api: Api, name: str, *, follow: bool) -> Iterator[str]:
    builds, logs = api.client("codebuild"), api.client("logs")
    build = find_build(builds, name)
    while not build.get("logs", {}).get("streamName"):
        if not follow or build.get("buildComplete"):
            raise CommandError(f"build {build['id']} has no log")
        time.sleep(_AGAIN)
        build = find_build(builds, build["id"])
    token = None
    while True:
        # Asked before the log is read: what a build that is over has written is all there then.
        over = bool(find_build(builds, build["id"]).get("buildComplete"))
        group, stream = build["logs"]["groupName"], build["logs"]["streamName"]
        events, token = _read(logs, group, stream, token, patient=follow and not over)
        yield from (event["message"] for event in events)
        if not events and (over or not follow):
            return
        if not events:
            time.sleep(_AGAIN)


def _of_stream(client: Any, group: str, stream: str, *, follow: bool) -> Iterator[str]:
    token = None
    while True:
        events, token = _read(client, group, stream, token, patient=False)
        yield from (event["message"] for event in events)
        if not events:
            if not follow:
                return
            time.sleep(_AGAIN)


def _read(
    client: Any, group: str, stream: str, token: str | None, *, patient: bool
) -> tuple[list[dict[str, Any]], str | None]:
    """(events after the token, the next token); nothing of a stream yet to come if `patient`."""
    try:
        answer = client.get_log_events(
            logGroupName=group,
            logStreamName=stream,
            startFromHead=True,
            **({"nextToken": token} if token else {}),
        )
    except client.exceptions.ResourceNotFoundException:
        if not patient:
            raise
        return [], token
    return answer["events"], answer["nextForwardToken"]


def _of_group(client: Any, group: str, *, follow: bool) -> Iterator[str]:
    """By time, from all streams. What comes later with an earlier time is told all the same."""
    start, seen = 0, set[str]()
    while True:
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=start
        )
        fresh = [e for page in pages for e in page["events"] if e["eventId"] not in seen]
        yield from (f"{event['logStreamName']} {event['message']}" for event in fresh)
        if not follow:
            return
        newest = max((event["timestamp"] for event in fresh), default=start)
        if newest > start:
            start = newest
            seen = {event["eventId"] for event in fresh if event["timestamp"] >= start}
        else:
            seen |= {event["eventId"] for event in fresh}
        time.sleep(_AGAIN)
