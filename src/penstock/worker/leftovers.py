"""What builds, and batches, of a killed worker have left on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Collection
from uuid import UUID

from penstock.runner.codebuild.source.removing import remove
from penstock.runner.shells.processes import end_all
from penstock.store import Store, build_batches, builds
from penstock.worker.work import marker

LOG = logging.getLogger("penstock.worker")
NOBODY = 1 << 30
"""An id that no process has: the leaders of these builds are not known any more."""


async def remove_leftovers(store: Store, folder: str, running: Collection[UUID]) -> int:
    """Ends the processes, and removes the folders, of builds and batches that have ended.

    Returns how many.

    A folder outlives its build's worker, and so tells which builds to look for. Containers need no
    looking for: one whose process is gone ends by itself. A build that this database does not know
    may be another server's.
    """
    found = [build for build in _builds(folder) if build not in running]
    if not found:
        return 0
    ended = await builds.find_ended(store.database, found)
    ended |= await build_batches.find_ended(store.database, found)
    for build, project in ended.items():
        await asyncio.to_thread(_remove, os.path.join(folder, str(build)), f"{project}:{build}")
    return len(ended)


def _builds(folder: str) -> list[UUID]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        try:
            found.append(UUID(name))
        except ValueError:
            continue  # the caches
    return found


def _remove(folder: str, build_id: str) -> None:
    end_all(NOBODY, os.fsencode(marker(build_id)))
    try:
        remove(folder)
    except OSError as error:
        LOG.warning("%s is left behind: %s", folder, error)
