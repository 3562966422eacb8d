"""Where a pipeline's artifacts are kept (CP-080). Pure."""

from __future__ import annotations

from base64 import b32encode
from uuid import uuid5

from penstock.documents.pipelines import Store
from penstock.state.pipelines import Artifact
from penstock.state.recorded_pipelines import Start

PIPELINE, ARTIFACT, RANDOM = 20, 10, 13
"""Characters that are left of the names, and of what tells apart what they no longer do."""


def store_of(start: Start) -> Store:
    """The pipeline's own, for actions of all Regions: nothing has to be near them here."""
    stores = start.pipeline.stores
    return stores.get(start.name.region) or stores.get("") or next(iter(stores.values()))


def place_of(start: Start, output: str) -> Artifact:
    """Of an output artifact: the same for an execution however often it begins, and of no other."""
    random = b32encode(uuid5(start.id, output).bytes).decode()[:RANDOM]
    key = f"{start.name.name[:PIPELINE]}/{output[:ARTIFACT]}/{random}"
    return Artifact(store_of(start).bucket, key)
