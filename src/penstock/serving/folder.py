"""The data folder: where everything of an installation lies, and who has it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from penstock.settings import Settings

_AGAIN = 0.02  # seconds; another may hold the lock for a moment, to see whether it is held
_TRIES = 10


class FolderError(Exception):
    """The data folder cannot be used. The text says why, and who has it."""


class Holder(NamedTuple):
    """The server that has a data folder, as it tells in the folder's `server.json`.

    `endpoint` is empty until it answers, `database` until that is up. `since` is in seconds since
    1970; `drain` is how long the server waits for builds when it is stopped.
    """

    pid: int
    version: str
    since: float
    drain: float
    storage: str
    key_file: str
    database: str = ""
    endpoint: str = ""


class DataFolder:
    """Paths below the folder, and its lock, which the kernel takes back from a dead process."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)

    def __str__(self) -> str:
        return self.path

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    @property
    def postgres(self) -> str:
        return self.file("postgres")

    @property
    def log(self) -> str:
        """What a detached server prints."""
        return self.file("server.log")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Has the folder for the time of a `with`. Raises FolderError where another does."""
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            descriptor = os.open(self.file("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderError(f"The data folder cannot be used: {error}") from None
        try:
            if not _lock(descriptor, _TRIES):
                raise FolderError(self._taken())
            self.forget()
            yield
            self.forget()
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        try:
            descriptor = os.open(self.file("lock"), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _lock(descriptor, 1)
        finally:
            os.close(descriptor)

    def holder(self) -> Holder | None:
        """The server that has the folder; None too while it has not said so yet."""
        if not self.is_held():
            return None
        told = self.read_json("server.json")
        if told is None:
            return None
        return Holder(**told)

    def tell(self, holder: Holder) -> None:
        self.write_json("server.json", holder._asdict())

    def forget(self) -> None:
        try:
            os.unlink(self.file("server.json"))
        except FileNotFoundError:
            pass

    def read_json(self, name: str) -> Any:
        """What a file of the folder says, or None where it is not there."""
        try:
            with open(self.file(name), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def write_json(self, name: str, value: Any) -> None:
        """Writes a file that only its owner may read, whole or not at all."""
        fresh = f"{self.file(name)}.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(fresh, self.file(name))

    def _taken(self) -> str:
        holder = self.holder()
        if holder is None:
            return f"Another process has the data folder {self.path} at the moment. Try again."
        at = f" at {holder.endpoint}" if holder.endpoint else ""
        return (
            f"A server is up{at} on the data folder {self.path} (process {holder.pid}).\n"
            "Stop it with `penstock down`, or take another folder with --data."
        )


def _lock(descriptor: int, tries: int) -> bool:
    for attempt in range(tries):
        if attempt:
            time.sleep(_AGAIN)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            pass
    return False


def data_folder(settings: Settings, environ: Mapping[str, str]) -> DataFolder:
    """Raises FolderError where neither the settings nor the environment name a place."""
    if settings.data:
        return DataFolder(settings.data)
    shared = environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    if not os.path.isabs(shared):
        raise FolderError("HOME is not set: say where data is kept with --data PATH.")
    return DataFolder(os.path.join(shared, "penstock"))
