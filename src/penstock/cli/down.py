"""`penstock down`: ends the server of a data folder, in order."""

from __future__ import annotations

import os
import signal
import time

from penstock.cli.options import Given, Option, Usage
from penstock.cli.server_command import HELP, CommandError, folder_of, options, settings_of
from penstock.serving.folder import DataFolder, Holder

USAGE = Usage(
    "down",
    "Stops the server: builds may end first, for as long as its setting `drain` says.",
    (
        *options("data"),
        Option(("--now",), "do not wait for builds"),
        HELP,
    ),
)
_LOOK = 0.02  # seconds
_SLACK = 15.0  # seconds beyond the server's own limit


def perform(given: Given) -> int:
    settings = settings_of(given)
    folder = folder_of(settings)
    holder = folder.holder()
    if holder is None:
        return _nothing(folder)
    os.kill(holder.pid, signal.SIGTERM)
    if given.has("now"):
        time.sleep(_LOOK)  # two signals at once are one
        os.kill(holder.pid, signal.SIGTERM)
    _wait(folder, holder, holder.drain + _SLACK)
    print(f"The server at {holder.endpoint or folder} is down.")
    return 0


def _wait(folder: DataFolder, holder: Holder, seconds: float) -> None:
    end = time.monotonic() + seconds
    while folder.is_held():
        if time.monotonic() > end:
            raise CommandError(
                f"the server (process {holder.pid}) has not ended after {seconds:.0f} s. "
                "Stop it with --now."
            )
        time.sleep(_LOOK)


def _nothing(folder: DataFolder) -> int:
    """A server that was killed leaves its PostgreSQL."""
    if not os.path.exists(folder.postgres):
        print(f"No server is up on {folder}.")
        return 0
    from penstock.serving.postgres import stop_left

    with folder.held():
        left = stop_left(folder.postgres)
    print(
        f"No server was up on {folder}"
        + ("; the PostgreSQL that one had left is stopped." if left else ".")
    )
    return 0
