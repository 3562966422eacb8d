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
from penstock.store.embedded import DATABASE, Embedded
from penstock.store.migrate import migrate
from penstock.store.notices import Notices
from penstock.store.sealing import MasterKey, Sealer

TEMPLATE = "penstock_template"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PRINCIPAL = Principal("000000000000", "arn:aws:iam::000000000000:root", "000000000000", "test")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server with a migrated template database; `%s` stands for a database's name.

    Not in pytest's folder: each run that starts closes that to all other users, and PostgreSQL does
    not run as root.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-postgres-") as folder:
        server = Embedded(folder)
        url = server.start()
        try:
            yield url.replace(f"/{DATABASE}?", "/%s?")
        finally:
            server.stop()


@pytest.fixture(scope="session")
async def template(postgres: str) -> str:
    with psycopg.connect(postgres % "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    database = Database(postgres % TEMPLATE)
    await database.open()
    await migrate(database)
    await database.close()
    return postgres


@pytest.fixture
def database_url(template: str) -> Iterator[str]:
    """A database of this test's own, with the schema in it and nothing else."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(template % "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield template % name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
