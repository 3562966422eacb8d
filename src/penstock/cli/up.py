"""`penstock up`: the server, in this terminal or in the background."""

from __future__ import annotations

import asyncio
import os

from penstock.cli.options import Given, Option, Usage
from penstock.cli.server_command import (
    HELP,
    NOTES,
    CommandError,
    folder_of,
    options,
    settings_of,
)
from penstock.serving.detached import StartError, start_detached
from penstock.serving.folder import DataFolder, Holder, data_folder
from penstock.settings import Settings

USAGE = Usage(
    "up",
    "Starts the server: AWS's API at an address of this machine, and builds for real.",
    (
        *options(),
        Option(("--detach", "-d"), "start it in the background, and return once it answers"),
        Option(("--no-worker",), "run no builds here; workers elsewhere do"),
        Option(("--fleeting",), "wait for no disk: for a data folder that goes when this ends"),
        HELP,
    ),
    notes=NOTES,
)


def perform(given: Given) -> int:
    settings = settings_of(given)
    folder = folder_of(settings)
    how = {"worker": not given.has("no_worker"), "fleeting": given.has("fleeting")}
    if given.has("detach"):
        return _detach(settings, folder, **how)
    return _serve(settings, folder, **how)


def _serve(settings: Settings, folder: DataFolder, **how: bool) -> int:
    import uvloop

    from penstock.serving.log_lines import set_up
    from penstock.serving.up import serve

    set_up(settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, folder, lambda it: _announce(it, folder), **how))
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


def _detach(settings: Settings, folder: DataFolder, **how: bool) -> int:
    try:
        holder = start_detached(settings, folder, **how).wait()
    except StartError as error:
        raise CommandError(str(error)) from None
    _announce(holder, folder)
    return 0
