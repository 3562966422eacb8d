"""`penstock reset`: empties a data folder."""

from __future__ import annotations

import os
import shutil

from penstock.cli.options import Given, Usage
from penstock.cli.server_command import HELP, YES, confirmed, folder_of, options, settings_of
from penstock.serving.folder import DataFolder

USAGE = Usage(
    "reset",
    "Empties the data folder: projects, builds, objects, logs, secrets and keys are gone for good.",
    (*options("data"), YES, HELP),
    notes="A database, storage or key file that settings put elsewhere is left as it is.",
)
OWN = (
    "postgres",
    "blobs",
    "repositories",
    "builds",
    "master.keys",
    "credentials.json",
    "server.json",
    "server.log",
)
"""What a server makes in its folder; anything else in it is somebody else's."""


def perform(given: Given) -> int:
    folder = folder_of(settings_of(given))
    if not any(os.path.lexists(folder.file(name)) for name in OWN):
        print(f"There is nothing of a server's in {folder}.")
        return 0
    if not confirmed(f"All that is in {folder} is deleted.", given):
        print("Nothing was deleted.")
        return 1
    _empty(folder)
    print(f"{folder} is empty.")
    return 0


def _empty(folder: DataFolder) -> None:
    with folder.held():
        if os.path.exists(folder.postgres):
            from penstock.serving.postgres import stop_left

            stop_left(folder.postgres)
        for path in map(folder.file, OWN):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
