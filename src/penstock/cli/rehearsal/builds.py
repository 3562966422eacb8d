"""The builds of actions: what they print, and the command at which one broke."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.buildspec_reader import read_buildspec

Client = Any
Member = Mapping[str, Any]
BUILDERS = ("CodeBuild", "Commands")
LAST_LINES = 12
_COMMAND = re.compile(
    r"Error while executing command: (?P<text>.*?)\. Reason: (?P<reason>.*)", re.DOTALL
)


class Failure(NamedTuple):
    """`place` is `FILE:LINE` where that is known, else in words; `tail` the last lines printed."""

    place: str
    text: str
    reason: str
    tail: tuple[str, ...] = ()


def build_of(action: Member) -> str:
    """The id of the build that an action's execution is; "" where it is none."""
    if action["input"]["actionTypeId"]["provider"] not in BUILDERS:
        return ""
    result = action.get("output", {}).get("executionResult", {})
    id_ = result.get("externalExecutionId", "")
    return id_ if ":" in id_ and not id_.startswith("arn:") else ""


class Log:
    """What a build prints, read as it grows."""

    def __init__(self, clients: Mapping[str, Client], build: str) -> None:
        self._clients = clients
        self.build = build
        self._where: tuple[str, str] | None = None
        self._token = ""

    def lines(self) -> Iterator[str]:
        """Those that have come since they were asked for last."""
        where = self._place()
        while where:
            events = self._read(*where)
            if not events:
                return
            for event in events:
                yield from event["message"].removesuffix("\n").split("\n")

    def _place(self) -> tuple[str, str] | None:
        if self._where is None:
            found = self._clients["codebuild"].batch_get_builds(ids=[self.build])["builds"]
            logs = found[0].get("logs", {}) if found else {}
            if logs.get("streamName"):
                self._where = logs["groupName"], logs["streamName"]
        return self._where

    def _read(self, group: str, stream: str) -> list[Member]:
        client = self._clients["logs"]
        token = {"nextToken": self._token} if self._token else {}
        try:
            answer = client.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, **token
            )
        except client.exceptions.ResourceNotFoundException:
            return []
        self._token = answer["nextForwardToken"]
        events: list[Member] = answer["events"]
        return events


def failure_of(
    clients: Mapping[str, Client], build: str, tail: list[str], folder: str
) -> Failure | None:
    """Where a build broke; `folder` is where its source comes from, in which the command is looked
    for. None for a build that has not failed."""
    found = clients["codebuild"].batch_get_builds(ids=[build])["builds"]
    for phase in found[0].get("phases", ()) if found else ():
        context: Member = next(iter(phase.get("contexts", ())), {})
        if phase.get("phaseStatus") in (None, "SUCCEEDED") or not context.get("message"):
            continue
        said = _COMMAND.fullmatch(context["message"])
        if said is None:
            return Failure(phase["phaseType"], context["message"], "", tuple(tail[-LAST_LINES:]))
        place = _place(found[0], said["text"], folder) or f"{phase['phaseType']}"
        return Failure(place, said["text"], said["reason"], tuple(tail[-LAST_LINES:]))
    return None


def _place(build: Member, command: str, folder: str) -> str:
    asked = build.get("source", {}).get("buildspec", "") or "buildspec.yml"
    path = os.path.join(folder, asked)
    if "\n" in asked or not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        spec, _ = read_buildspec(file.read(), asked)
    for phase in spec.phases if spec else ():
        for one in (*phase.commands, *phase.finally_):
            if one.text.strip() == command.strip():
                return f"{asked}:{one.at.line}"
    return ""
