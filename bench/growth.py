"""The hot calls on a database that has grown, beside the same on one that has not."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import psycopg
from bench.rounds import Table
from bench.server import HOT, compare, make_ready
from bench.servers import penstock, running

BUILDS = 100_000
LINES = 100  # of each build's log
GROWN = f"Penstock, after {BUILDS:,} builds and {BUILDS * LINES:,} lines"


def grown(folder: Path) -> list[Table]:
    """Calls a second, with one client and with sixteen."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(name, penstock(folder / data), folder / name))
            for name, data in ((GROWN, "grown"), ("Penstock, new", "new"))
        ]
        made = {server.name: make_ready(server) for server in servers}
        _fill(json.loads((folder / "grown/server.json").read_text())["database"])
        return [compare(call, clients, servers, made) for call in HOT for clients in (1, 16)]


def _fill(database: str) -> None:
    """Copies the build that is there, and gives each copy a log stream with a chunk of lines."""
    from penstock.store.log_chunks import pack

    events = [(1_772_366_400_000 + number, f"line {number} " + "x" * 80) for number in range(LINES)]
    (chunk,) = pack(events, events[0][0])
    parameters = {**chunk._asdict(), "builds": BUILDS}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_COPY_BUILD, parameters)
        connection.execute(_WRITE_LOGS, parameters)
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):  # or they would come in between
            connection.execute(statement)


_COPY_BUILD = """
INSERT INTO builds SELECT made.*
FROM (SELECT builds AS build, submitted FROM builds LIMIT 1) AS one,
  generate_series(1, %(builds)s) AS n,
  jsonb_populate_record(build, jsonb_build_object('id', gen_random_uuid(), 'number', 1 + n,
    'stage', 'ENDED', 'claim', NULL, 'submitted', submitted - n * interval '1 minute',
    'ended', submitted - n * interval '1 minute')) AS made
"""
_WRITE_LOGS = """
WITH streams AS (
  INSERT INTO log_streams (group_id, name, created, next_number, bytes, first_event, last_event)
  SELECT id, 'build-' || n, now(), %(events)s, %(size)s, %(first_at)s, %(last_at)s
  FROM log_groups, generate_series(1, %(builds)s) AS n WHERE name = 'bench'
  RETURNING id, group_id
)
INSERT INTO log_chunks (stream_id, number, group_id, events, bytes, first_at, last_at, data)
SELECT id, 0, group_id, %(events)s, %(size)s, %(first_at)s, %(last_at)s, %(data)s FROM streams
"""
