"""`penstock up`: the server, in this terminal or in the background."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from penstock.cli.options import Given, Option, Usage
from penstock.cli.server_command import (
    HELP,
    NOTES,
    CommandError,
    folder_of,
    options,
    settings_of,
)
from penstock.serving.folder import DataFolder, Holder, data_folder
from penstock.settings import Settings, as_environment

USAGE = Usage(
    "up",
    "Starts the server: AWS's API at an address of this machine, and builds for real.",
    (
        *options(),
        Option(("--detach", "-d"), "start it in the background, and return once it answers"),
        Option(("--no-worker",), "run no builds here; workers elsewhere do"),
        HELP,
    ),
    notes=NOTES,
)
_LOOK = 0.02  # seconds
_TAIL = 2000  # bytes of a log that are shown


def perform(given: Given) -> int:
    settings = settings_of(given)
    folder = folder_of(settings)
    if given.has("detach"):
        return _detach(settings, folder, worker=not given.has("no_worker"))
    return _serve(settings, folder, worker=not given.has("no_worker"))


def _serve(settings: Settings, folder: DataFolder, *, worker: bool) -> int:
    import uvloop

    from penstock.serving.log_lines import set_up
    from penstock.serving.up import serve

    set_up(settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, folder, lambda it: _announce(it, folder), worker=worker))
    return 0


def _announce(holder: Holder, folder: DataFolder) -> None:
    print(
        f"Penstock {holder.version} is up at {holder.endpoint}\n"
        f"  data     {folder}\n"
        f'  use it   eval "$(penstock env{_data(folder)})"\n'
        "  stop it  Ctrl-C or penstock down",
        flush=True,
    )


def _data(folder: DataFolder) -> str:
    """The option that other commands need to find this folder, where they need one."""
    import shlex

    usual = os.path.expanduser("~") != "~" and data_folder(Settings(), os.environ)
    return "" if str(usual) == folder.path else f" --data {shlex.quote(folder.path)}"


def _detach(settings: Settings, folder: DataFolder, *, worker: bool) -> int:
    os.makedirs(folder.path, mode=0o700, exist_ok=True)
    command = [sys.executable, "-P", "-m", "penstock", "up"]
    descriptor = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            command if worker else [*command, "--no-worker"],
            env=os.environ | as_environment(settings) | {"PENSTOCK_DATA": folder.path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while process.poll() is None:
        holder = folder.holder()
        if holder and holder.pid == process.pid and holder.endpoint:
            _announce(holder, folder)
            return 0
        time.sleep(_LOOK)
    with open(folder.log, "rb") as log:
        log.seek(begin)
        said = log.read()[-_TAIL:].decode(errors="replace").strip()
    raise CommandError(f"the server did not start:\n{said}")
