"""`penstock run --watch`: once more, whenever a file of the folder changes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

PAUSE = 0.3
# What changes without anybody having edited anything.
IGNORED = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".pytest_cache")
)


def watch(folder: str, run: Callable[[], int], *, in_place: bool) -> int:
    """Runs, waits for a change, runs again; until it is interrupted, which is the last exit code.

    A build in place changes the folder itself, so there only what comes after it counts; a build of
    a copy does not, so an edit made while it runs starts the next one at once.
    """
    while True:
        seen = fingerprint(folder)
        code = run()
        if code == 130:
            return code
        if in_place:
            seen = fingerprint(folder)
        print(
            f"\nexit code {code}; waiting for a change below {folder}", file=sys.stderr, flush=True
        )
        while fingerprint(folder) == seen:
            time.sleep(PAUSE)


def fingerprint(folder: str) -> int:
    """A number that changes when a file below the folder is edited, added or removed."""
    total = 0
    folders = [folder]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue  # removed since it was listed
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in IGNORED:
                    folders.append(entry.path)
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            total ^= hash((entry.path, found.st_mtime_ns, found.st_size, found.st_ino))
    return total
