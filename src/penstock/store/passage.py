"""Folders that another user has to pass through, and no more than that."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PASSABLE = stat.S_IXGRP | stat.S_IXOTH
"""PostgreSQL keeps the group of who starts it, so it may be of a folder's group."""
READABLE = stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH


@contextmanager
def passage_only(paths: Iterable[Path]) -> Iterator[None]:
    """Takes back what is opened above `paths` meanwhile, save for the right to pass through.

    PostgreSQL does not run as root. Where root starts it, its wheel makes a user for it, and opens
    every folder on the way for everybody to read, root's own home among them.
    """
    folders = {folder for path in paths for folder in path.resolve().parents}
    before = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in folders if folder.exists()}
    try:
        yield
    finally:
        for folder, mode in before.items():
            now = stat.S_IMODE(folder.stat().st_mode)
            if now != mode and now & ~READABLE == mode & ~READABLE:
                os.chmod(folder, mode | PASSABLE)
