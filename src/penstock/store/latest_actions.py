"""The latest execution of each action and rule of a pipeline, whichever run it was in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.store.database import Database

_CONDITIONS = {"beforeEntry": "BEFORE_ENTRY", "onSuccess": "ON_SUCCESS", "onFailure": "ON_FAILURE"}
_LATEST = """
SELECT a.* FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked (stage, condition, action)
CROSS JOIN LATERAL (
  SELECT * FROM action_executions e
  WHERE (e.pipeline, e.stage, e.condition, e.action)
    = (%s, asked.stage, asked.condition, asked.action)
  ORDER BY e.sequence DESC LIMIT 1) a
"""


async def find_latest(
    database: Database, pipeline: int, document: Mapping[str, Any]
) -> dict[tuple[str, str, str], Any]:
    """Rows by stage, condition ("" for actions) and name, of those that a declaration has."""
    asked = [*_places(document)]
    stages, conditions, names = zip(*asked, strict=True)
    rows = await database.fetch(_LATEST, (list(stages), list(conditions), list(names), pipeline))
    return {(row.stage, row.condition, row.action): row for row in rows}


def _places(document: Mapping[str, Any]) -> Any:
    for stage in document["stages"]:
        for action in stage["actions"]:
            yield stage["name"], "", action["name"]
        for member, kind in _CONDITIONS.items():
            for condition in stage.get(member, {}).get("conditions", ()):
                for rule in condition["rules"]:
                    yield stage["name"], kind, rule["name"]
