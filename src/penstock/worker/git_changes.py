"""Changes of repositories elsewhere whose files have to be looked for before pipelines can tell."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from penstock.actions.git_remotes import changed_paths, connection_remote
from penstock.actions.git_sources import RemoteError
from penstock.errors import AwsError
from penstock.services.codeconnections.deliveries import change_of, hear
from penstock.store import Store
from penstock.store.connections_to_git import find_connection

LOG = logging.getLogger("penstock.worker")


async def hear_git_change(store: Store, arguments: dict[str, Any], now: datetime) -> None:
    """Where the repository does not tell, the files stay unknown, and filters of files object."""
    found = change_of(arguments)
    connection = await find_connection(
        store.database, arguments["account"], arguments["connection"]
    )
    if connection is None or found.compared is None:
        return
    try:
        remote = await connection_remote(store, connection, found.repository, now)
        paths = await changed_paths(remote, found.compared)
    except (RemoteError, AwsError) as error:
        LOG.warning("the files of a change of %s are not known: %s", found.repository, error)
        paths = None
    found = found._replace(change=found.change._replace(paths=paths))
    async with store.database.transaction() as database:
        await hear(database, connection, found, arguments["delivery"], now)
