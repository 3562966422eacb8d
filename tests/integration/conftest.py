"""A PostgreSQL of the tests' own, and a store on a fresh database for each test that asks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.blobs import Blobs
from penstock.store.database import Database
from penstock.store.embedded import Embedded
from penstock.store.migrate import migrate
from penstock.store.notices import Notices
from penstock.store.sealing import MasterKey, Sealer

from .batch_machine import machine as machine
from .commits import api as api
from .commits import app as app
from .hosting import git_url as git_url
from .hosting import hosted as hosted
from .hosting import worktree as worktree
from .log_caller import logs as logs
from .log_caller import stream as stream
from .pond import ask as ask
from .pond import pond as pond
from .pond import told as told
from .repositories import destination as destination
from .repositories import no_process_or_file_stays_open as no_process_or_file_stays_open
from .repositories import only_this_configuration as only_this_configuration
from .repositories import repository as repository
from .shell_places import place as place
from .shell_places import place_in as place_in
from .shell_places import shell as shell
from .wire_app import wire as wire
from .yard import yard as yard

EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'migrations' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PRINCIPAL = Principal("000000000000", "arn:aws:iam::000000000000:root", "000000000000", "test")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database on a server of the tests' own.

    Not in pytest's folder: each run that starts closes that to all other users, and PostgreSQL does
    not run as root.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-postgres-") as folder:
        server = Embedded(folder)
        url = server.start()
        try:
            yield url
        finally:
            server.stop()


@pytest.fixture(scope="session")
async def migrated(postgres: str) -> str:
    with psycopg.connect(postgres, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):  # no test pulls the plug
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    database = Database(postgres)
    await database.open()
    await migrate(database)
    await database.close()
    return postgres


@pytest.fixture
def database_url(migrated: str) -> Iterator[str]:
    """A database with nothing but the schema, which tests leave as it is.

    One for all: to empty it takes a hundredth of what it takes to make another.
    """
    yield migrated
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(EMPTY)


@pytest.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(database_url, connections=5)
    notices = Notices(database)
    await database.open()
    await notices.open()
    sealer = Sealer([MasterKey.of(os.urandom(32))])
    yield Store(database, Blobs(str(tmp_path / "blobs")), sealer, notices)
    await notices.close()
    await database.close()


@pytest.fixture
def call_of() -> Callable[..., Call]:
    """Makes the call that a service's handler is given: `call_of("ssm", "GetParameter")`."""

    def make(
        service: str, operation: str, *, now: datetime = NOON, region: str = "us-east-1"
    ) -> Call:
        return Call(
            service, operation, PRINCIPAL, region, str(uuid4()), now, "http://localhost:4545"
        )

    return make
