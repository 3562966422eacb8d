"""Another pipeline started (CP-139).

AWS does not say whether the action waits for what it has started. Here it does not: it is done once
the other pipeline's execution has begun, whose id is its external execution id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from penstock.actions.contract import Done, Failed, Outcome, Start
from penstock.errors import AwsError
from penstock.flow.pipelines import begin
from penstock.state.pipelines import Cause, Override
from penstock.store import Store
from penstock.store.pipeline_executions import line_of

FAR = 100  # executions that are looked at, each started by the one before
MOST_ROUNDS = 5


async def start(store: Store, start: Start) -> Outcome:
    """The action's id is the token of the start: begun again, it is the same execution."""
    asked = start.configuration
    name = start.name._replace(name=asked["PipelineName"])
    try:
        variables = {
            one["name"]: one["value"] for one in _members(asked, "Variables", ("name", "value"))
        }
        overrides = tuple(
            Override(one["actionName"], one["revisionType"], one["revisionValue"])
            for one in _members(
                asked, "SourceRevisions", ("actionName", "revisionType", "revisionValue")
            )
        )
        async with store.database.transaction() as connection:
            line = await line_of(connection, start.run.id, FAR)
            if sum(run.pipeline == line[0].pipeline for run in line) >= MOST_ROUNDS:
                return Failed(
                    "ConfigurationError",
                    f"Pipeline {name.name} is not started: {MOST_ROUNDS} executions of"
                    f" {start.name.name} have led to each other, which looks like a circle",
                )
            run = await begin(
                connection,
                name,
                Cause("StartPipelineExecution", start.name.arn),
                now=datetime.now(UTC),
                variables=variables,
                overrides=overrides,
                token=str(start.id),
            )
    except ValueError as error:
        return Failed("ConfigurationError", str(error))
    except AwsError as error:
        return Failed("JobFailed", f"Pipeline {name.name}: {error.code}: {error.message}")
    return Done(external_id=str(run), summary=f"Started pipeline {name.name}")


def _members(asked: Mapping[str, str], key: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """Raises ValueError."""
    try:
        found = json.loads(asked.get(key) or "[]")
    except json.JSONDecodeError as error:
        raise ValueError(f"{key} is no JSON: {error}") from None
    if isinstance(found, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), str) for name in names)
        for one in found
    ):
        return found
    raise ValueError(f"{key} has to be a JSON list of objects with {', '.join(names)}")
