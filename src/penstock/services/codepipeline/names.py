"""Names and ARNs of pipelines."""

from __future__ import annotations

from typing import Any

from penstock.services.codepipeline.errors import pipeline_not_found
from penstock.state.calls import Call
from penstock.state.recorded_pipelines import PipelineName
from penstock.store.database import Database
from penstock.store.pipelines import find_pipeline


def name_of(call: Call, name: str) -> PipelineName:
    return PipelineName(call.account, call.region, name)


async def the_pipeline(database: Database, name: PipelineName) -> Any:
    """Its row with the current version. Raises PipelineNotFoundException."""
    found = await find_pipeline(database, name)
    if found is None:
        raise pipeline_not_found(name)
    return found
