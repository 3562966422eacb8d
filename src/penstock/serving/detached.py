"""A server in the background, started from another process and waited for until it answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import NamedTuple

from penstock.serving.folder import DataFolder, Holder
from penstock.settings import Settings, as_environment

_LOOK = 0.02  # seconds
_TAIL = 2000  # bytes of a log that are shown


class StartError(Exception):
    """The server ended before it answered. The text is what it printed last."""


class Starting(NamedTuple):
    """A server that has been started; `printed` is how long its log was before."""

    folder: DataFolder
    process: subprocess.Popen[bytes]
    printed: int

    def wait(self) -> Holder:
        """Returns once it answers. Raises StartError."""
        while self.process.poll() is None:
            holder = self.folder.holder()
            if holder and holder.pid == self.process.pid and holder.endpoint:
                return holder
            time.sleep(_LOOK)
        with open(self.folder.log, "rb") as log:
            log.seek(self.printed)
            said = log.read()[-_TAIL:].decode(errors="replace").strip()
        raise StartError(f"the server did not start:\n{said}")


def start_detached(
    settings: Settings, folder: DataFolder, *, worker: bool = True, fleeting: bool = False
) -> Starting:
    """Starts it, with what it prints in the folder's log."""
    os.makedirs(folder.path, mode=0o700, exist_ok=True)
    command = [sys.executable, "-P", "-m", "penstock", "up"]
    command += ["--no-worker"] * (not worker) + ["--fleeting"] * fleeting
    descriptor = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(descriptor, "ab") as log:
        printed = log.tell()
        process = subprocess.Popen(
            command,
            env=os.environ | as_environment(settings) | {"PENSTOCK_DATA": folder.path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Starting(folder, process, printed)
