"""The definitions of pipelines' versions, read once: a version never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from penstock.documents.pipelines import Pipeline
from penstock.documents.pipelines.reader import pipeline_of
from penstock.store.database import Connection, Database
from penstock.store.pipelines import read_versions

MOST = 1_000
"""Definitions kept in memory; one takes some kilobytes."""

_kept: OrderedDict[int, Pipeline] = OrderedDict()


async def definitions_of(
    source: Database | Connection, versions: Mapping[int, int]
) -> dict[int, Pipeline]:
    """Definitions by version; `versions` are the ids of their rows."""
    known = {id: _kept[id] for id in versions.values() if id in _kept}
    missing = [id for id in versions.values() if id not in known]
    if missing:
        documents = await read_versions(source, missing)
        known |= {id: pipeline_of(document) for id, document in documents.items()}
    for id, pipeline in known.items():
        _kept[id] = pipeline
        _kept.move_to_end(id)
    while len(_kept) > MOST:
        _kept.popitem(last=False)
    return {version: known[id] for version, id in versions.items()}
