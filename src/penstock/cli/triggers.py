"""`penstock triggers`: what pipelines made of a commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from penstock.cli.options import Given, Usage, UsageError
from penstock.cli.pipeline_view import moment
from penstock.cli.server_command import (
    HELP,
    JSON,
    NOTES,
    CommandError,
    folder_of,
    options,
    settings_of,
)
from penstock.decide.listening import sentences
from penstock.documents.pipelines import Action
from penstock.documents.pipelines.reader import pipeline_of
from penstock.serving.folder import DataFolder
from penstock.serving.installation import installed
from penstock.settings import Settings
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store
from penstock.store.connections_to_git import find_connection
from penstock.store.pipelines import find_pipeline
from penstock.store.triggers import find_starters, find_verdicts

USAGE = Usage(
    "triggers",
    "Tells what a commit (or an object's version) started in a pipeline, or why nothing.",
    (*options("data", "database", "storage", "key_file", "account", "region"), JSON, HELP),
    words="explain PIPELINE COMMIT",
    notes=NOTES + " The exit code is 1 where nothing is known of the commit.",
)


class Found(NamedTuple):
    """`listens` has, by source action, what it listens to; `checks` what may be in the way."""

    verdicts: Sequence[Any]
    listens: dict[str, list[str]]
    checks: list[str]


def perform(given: Given) -> int:
    if len(given.words) != 3 or given.words[0] != "explain":
        raise UsageError("penstock triggers takes explain, a PIPELINE and a COMMIT")
    settings = settings_of(given)
    _, pipeline, commit = given.words
    name = PipelineName(settings.account, settings.region, pipeline)
    found = asyncio.run(_find(settings, folder_of(settings), name, commit))
    if given.has("json"):
        print(json.dumps(_as_json(found), indent=2, default=str))
    else:
        print("\n".join(describe(pipeline, commit, found)))
    return 0 if found.verdicts else 1


async def _find(settings: Settings, folder: DataFolder, name: PipelineName, commit: str) -> Found:
    """Raises CommandError without the pipeline."""
    async with installed(settings, folder) as store:
        row = await find_pipeline(store.database, name)
        if row is None:
            raise CommandError(
                f"there is no pipeline {name.name} of account {name.account} in {name.region}:"
                " `penstock pipelines` lists them"
            )
        pipeline = pipeline_of(row.document)
        sources = pipeline.stages[0].actions
        return Found(
            await find_verdicts(store.database, name, commit),
            {action.name: sentences(pipeline, action) for action in sources},
            await _checks(store, name, row, sources),
        )


async def _checks(
    store: Store, name: PipelineName, row: Any, sources: Sequence[Action]
) -> list[str]:
    found = []
    if row.polling_disabled_at:
        found.append(
            f"its sources have not been polled since {moment(row.polling_disabled_at)}, as nothing"
            " had changed for 30 days: update the pipeline"
        )
    for action in sources:
        arn = action.configuration.get("ConnectionArn")
        if action.type.provider != "CodeStarSourceConnection" or not arn:
            continue
        connection = await find_connection(store.database, name.account, arn)
        if connection is None:
            found.append(f"{action.name}: there is no connection {arn}")
        elif connection.place is None:
            found.append(
                f"{action.name}: the connection {connection.name} is PENDING: say where"
                f" repositories of {connection.provider} are with the setting `connections`"
            )
    for starter in await find_starters(store.database, name):
        state = f" ({starter.state})" if starter.state else ""
        found.append(f"{starter.kind} {starter.name} starts it too{state}")
    return found


def describe(pipeline: str, commit: str, found: Found) -> list[str]:
    """In words."""
    if found.verdicts:
        return [line for one in found.verdicts for line in _verdict(one)]
    return [
        f"Nothing was heard of {commit} by {pipeline} in the last 30 days. It listens to:",
        *(f"  {action}: {said}" for action, lines in found.listens.items() for said in lines),
        *(["Look at:", *(f"  {check}" for check in found.checks)] if found.checks else ()),
        "Was it pushed there, to such a branch? Sources elsewhere are asked every minute.",
    ]


def _verdict(one: Any) -> list[str]:
    outcome = f"started execution {one.execution}" if one.execution else "started nothing"
    return [
        f"{moment(one.at)}  {one.action}: {one.change}, commit {one.commit}",
        *(f"  {reason}" for reason in one.reasons),
        f"  {outcome}",
    ]


def _as_json(found: Found) -> dict[str, Any]:
    return {
        "verdicts": [
            {**one._asdict(), "execution": str(one.execution) if one.execution else None}
            for one in found.verdicts
        ],
        "listens": found.listens,
        "checks": found.checks,
    }
