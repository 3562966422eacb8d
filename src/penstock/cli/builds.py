"""`penstock builds`: the builds of a server, and one of them in full."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from penstock.cli.api import ENDPOINT, Api, find_build, list_builds
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.server_command import HELP, JSON, options

USAGE = Usage(
    "builds",
    "Lists builds, the newest first, or shows one: `builds show PROJECT:NUMBER`.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--limit", "-n"), "how many to list; default: 20", "N"),
        JSON,
        HELP,
    ),
    words="[PROJECT] | show BUILD",
    notes="A BUILD is PROJECT:NUMBER, an id or ARN, or PROJECT, which is its latest.",
)
_LIMIT = 20


def perform(given: Given) -> int:
    words = given.words
    if words[:1] == ("show",) and len(words) == 2:
        build = find_build(Api(given).client("codebuild"), words[1])
        print(_json(build) if given.has("json") else "\n".join(describe(build)))
        return 0
    if len(words) > 1:
        raise UsageError("penstock builds takes one PROJECT, or `show BUILD`")
    project = words[0] if words else ""
    builds = list_builds(Api(given).client("codebuild"), project, _limit(given))
    if given.has("json"):
        print(_json(builds))
    else:
        print("\n".join(table(builds)))
    return 0


def _limit(given: Given) -> int:
    text = given.last("limit") or str(_LIMIT)
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"--limit is a number from 1, not {text!r}")
    return int(text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)


def table(builds: list[dict[str, Any]]) -> list[str]:
    if not builds:
        return ["No builds."]
    return [
        f"{_name(build):<30} {build['buildStatus']:<12} {build.get('currentPhase', ''):<16} "
        f"{_moment(build.get('startTime'))}  {_duration(build)}".rstrip()
        for build in builds
    ]


def describe(build: dict[str, Any]) -> list[str]:
    logs = build.get("logs", {})
    lines = [
        f"{_name(build)}  {build['buildStatus']}  {_duration(build)}".rstrip(),
        f"  id       {build['id']}",
        f"  by       {build.get('initiator', '')}",
        f"  source   {_source(build)}",
        f"  started  {_moment(build.get('startTime'))}",
        f"  log      {logs.get('groupName', '')} {logs.get('streamName', '')}".rstrip(),
    ]
    for phase in build.get("phases", ()):
        status, took = phase.get("phaseStatus", ""), _duration(phase)
        lines.append(f"  {phase['phaseType']:<17} {status:<12} {took:>8}".rstrip())
        messages = [context.get("message", "") for context in phase.get("contexts", ())]
        lines += [f"    {message}" for message in messages if message]
    return lines


def _source(build: dict[str, Any]) -> str:
    source = build.get("source", {})
    version = build.get("resolvedSourceVersion") or build.get("sourceVersion") or ""
    return f"{source.get('location') or source.get('type', '')} {version}".rstrip()


def _name(build: dict[str, Any]) -> str:
    return f"{build['projectName']}:{build.get('buildNumber', build['id'].rpartition(':')[2])}"


def _moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _duration(of: dict[str, Any]) -> str:
    """Of a build or a phase that has ended; the API's own figure is in whole seconds."""
    start, end = of.get("startTime"), of.get("endTime")
    return f"{(end - start).total_seconds():.1f} s" if start and end else ""
