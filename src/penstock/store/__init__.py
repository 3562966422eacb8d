"""Memory: rows in PostgreSQL, blobs, secrets at rest, the queue."""

from __future__ import annotations

from typing import NamedTuple

from penstock.store.blobs import Blobs
from penstock.store.database import Database
from penstock.store.notices import Notices
from penstock.store.sealing import Sealer


class Store(NamedTuple):
    """All that is remembered; every service and every flow is handed one."""

    database: Database
    blobs: Blobs
    sealer: Sealer
    notices: Notices
