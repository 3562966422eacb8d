"""What a server does for git before it answers: tells where repositories are, records pushes."""

from __future__ import annotations

import logging
import shutil

from penstock.flow.repositories import settle
from penstock.serving.folder import DataFolder
from penstock.settings import Settings
from penstock.store import Store
from penstock.store.connections_to_git import PLACES, TOKENS, WEBHOOK_SECRETS
from penstock.store.facts import tell
from penstock.store.repositories import HOME, ROOT

LOG = logging.getLogger("penstock.git")


async def ready_repositories(store: Store, settings: Settings, folder: DataFolder) -> None:
    """Raises database errors."""
    async with store.database.transaction() as connection:
        await tell(connection, ROOT, settings.repositories or folder.file("repositories"))
        await tell(connection, HOME, settings.region)
        await tell(connection, PLACES, dict(settings.connections))
        await tell(connection, TOKENS, dict(settings.connection_tokens))
        await tell(connection, WEBHOOK_SECRETS, dict(settings.connection_webhook_secrets))
    if shutil.which("git") is None:
        LOG.warning("git is not installed: repositories are not served")
        return
    await settle(store)
