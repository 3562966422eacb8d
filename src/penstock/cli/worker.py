"""`penstock worker`: runs builds, beside the server or on another machine."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

from penstock.cli.options import Given, Option, Usage
from penstock.cli.server_command import (
    HELP,
    NOTES,
    CommandError,
    folder_of,
    options,
    settings_of,
)
from penstock.serving.folder import DataFolder
from penstock.serving.installation import location
from penstock.serving.log_lines import set_up
from penstock.settings import Settings
from penstock.store.opening import Location
from penstock.worker.settings import RunnerSettings

_SETTINGS = (
    "data", "database", "storage", "key_file", "images", "runner.where", "runner.builds",
    "runner.folder", "runner.allow_host", "runner.sources", "log.format",
)  # fmt: skip
USAGE = Usage(
    "worker",
    "Runs the builds of a server. One comes with the server; on another machine, name the\n"
    "server's database, its storage, and a copy of its file of master keys.",
    (
        *options(*_SETTINGS),
        Option(("--until-eof",), "begin at a line of standard input; end, as on SIGTERM, with it"),
        HELP,
    ),
    notes=f"{NOTES}\nA SIGTERM lets builds end and begins no more; a second one ends it at once.",
)


def perform(given: Given) -> int:
    settings = settings_of(given)
    set_up(settings.log_format)
    asyncio.run(_work(settings, folder_of(settings), until_eof=given.has("until_eof")))
    return 0


async def _work(settings: Settings, folder: DataFolder, *, until_eof: bool) -> None:
    stopping, beginning, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()
        beginning.set()

    def read() -> None:
        if not os.read(0, 1):
            loop.remove_reader(0)
            stopping.set()
        beginning.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if until_eof:
        loop.add_reader(0, read)
    else:
        beginning.set()
    # This takes long: a server beside which it is comes up meanwhile.
    from penstock.worker.children import warm_up
    from penstock.worker.process import work

    loop.run_in_executor(None, warm_up)
    await beginning.wait()
    if stopping.is_set():
        return
    await work(
        _place(settings, folder),
        _runner(settings, folder),
        builds_at_once=settings.runner_builds or os.cpu_count() or 1,
        name=f"{socket.gethostname()}-{os.getpid()}",
        stopping=stopping,
    )


def _runner(settings: Settings, folder: DataFolder) -> RunnerSettings:
    return RunnerSettings(
        settings.runner_where,
        settings.runner_folder or folder.file("builds"),
        dict(settings.images),  # as it goes to other processes
        dict(settings.runner_sources),
        settings.runner_allow_host,
    )


def _place(settings: Settings, folder: DataFolder) -> Location:
    """The memory of the server named, or of this machine's. Raises CommandError without one."""
    holder = folder.holder()
    if not settings.database and holder is not None and holder.database:
        return Location(holder.database, holder.storage, holder.key_file)
    if not settings.database:
        raise CommandError(
            f"no server is up on {folder}: start one with `penstock up`, or name the database of "
            "one elsewhere with --database, --storage and --key-file"
        )
    at = location(settings, folder)
    if not os.path.exists(at.key_file):
        raise CommandError(
            f"the file of master keys is not there: {at.key_file}. Copy the server's, and name it "
            "with --key-file"
        )
    return at
