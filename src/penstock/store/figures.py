"""Figures for those who watch an installation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from penstock.store.database import Database

RECENT = timedelta(hours=1)


class Figure(NamedTuple):
    """How many of a kind: `job` todo or doing; `build` QUEUED or RUNNING; `ended`, by their status,
    the builds of the last hour."""

    kind: str
    status: str
    amount: int


# Indexes hold just the rows that are counted, however much has ended.
_FIGURES = """
SELECT 'job' AS kind, status::text, count(*) FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') GROUP BY status
UNION ALL
SELECT 'build', stage, count(*) FROM builds WHERE stage <> 'ENDED' GROUP BY stage
UNION ALL
SELECT 'ended', status, count(*) FROM builds WHERE ended > %s GROUP BY status
"""


async def figures(database: Database, now: datetime) -> Sequence[Figure]:
    """Those that are not 0."""
    return [Figure(*row) for row in await database.fetch(_FIGURES, (now - RECENT,))]
