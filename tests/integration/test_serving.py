"""What a server keeps beside its application: its folder, keys, sockets and processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from penstock.serving import worker_process
from penstock.serving.credentials import ensure_credentials
from penstock.serving.credentials_file import read_credentials
from penstock.serving.folder import DataFolder, FolderError, Holder
from penstock.serving.listening import ListenError, listen
from penstock.serving.postgres import Postgres, ended, forget_stale, stop_left
from penstock.serving.worker_process import WorkerProcess
from penstock.settings import Settings
from penstock.store import Store
from penstock.store.access_keys import find_key, issue_key, revoke_key
from penstock.store.database import Database
from penstock.store.resealing import SEALED, reseal
from penstock.store.sealing import MasterKey, Sealer

from .asgi import ACCOUNT, NOW, ROOT

pytestmark = pytest.mark.anyio


# The data folder


async def test_a_data_folder_has_one_holder_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path / "data"))
    holder = Holder(os.getpid(), "1", 0, 60, "blobs", "keys", "", "http://127.0.0.1:1")
    assert folder.holder() is None
    with folder.held():
        folder.tell(holder)
        assert folder.holder() == holder
        said = rf"up at http://127\.0\.0\.1:1 on the .* \(process {os.getpid()}\)"
        with pytest.raises(FolderError, match=said), DataFolder(str(folder)).held():
            pass
    assert folder.holder() is None
    with folder.held():
        pass


async def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time; from penstock.serving.folder import *\n"
        "folder = DataFolder(sys.argv[1])\n"
        "with folder.held():\n"
        "  folder.tell(Holder(1, '1', 0, 0, '', ''))\n"
        "  print('held', flush=True); time.sleep(100)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"held\n"
    folder = DataFolder(str(tmp_path))
    assert folder.holder()
    process.kill()
    await process.wait()
    assert folder.holder() is None
    with folder.held():
        assert folder.read_json("server.json") is None


async def test_what_the_folder_keeps_secret_only_its_owner_reads(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path))
    folder.write_json("credentials.json", {})
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


# The key of `penstock env`


async def test_the_key_of_the_folder_is_issued_once_and_again_when_revoked(
    store: Store, tmp_path: Path
) -> None:
    folder = DataFolder(str(tmp_path))
    first = await ensure_credentials(folder, store, ACCOUNT, NOW)
    assert await ensure_credentials(folder, store, ACCOUNT, NOW) == first
    async with store.database.transaction() as connection:
        await revoke_key(connection, first.access_key_id, NOW)
    second = await ensure_credentials(folder, store, ACCOUNT, NOW)
    assert second != first
    assert read_credentials(folder) == second
    other = await ensure_credentials(folder, store, "111111111111", NOW)
    assert other not in (first, second)


# The master key


async def test_resealing_opens_every_secret_under_the_new_key_alone(store: Store) -> None:
    keys = [MasterKey.of(os.urandom(32)) for _ in range(2)]
    old, both, new = Sealer(keys[1:]), Sealer(keys), Sealer(keys[:1])
    async with store.database.transaction() as connection:
        issued = [await issue_key(connection, old, ROOT, now=NOW) for _ in range(3)]
        await connection.execute(
            "INSERT INTO parameters (account, region, name) VALUES ('1', 'r', '/a')"
        )
        await connection.execute(
            "INSERT INTO parameter_versions (account, region, name, version, type, tier, data_type,"
            " sealed, modified, modified_by)"
            " VALUES ('1', 'r', '/a', 7, 'SecureString', 'Standard', 'text', %s, %s, '')",
            (old.seal(b"p", "ssm:1:r:/a:7"), NOW),
        )
        found = await connection.execute(
            "INSERT INTO secrets (account, region, name, suffix, created, changed)"
            " VALUES ('1', 'r', 'a', 'abcdef', now(), now()) RETURNING id"
        )
        [secret] = [row.id for row in await found.fetchall()]
        await connection.execute(
            "INSERT INTO secret_versions (secret, version_id, sealed, is_text, created)"
            " VALUES (%s, 'v', %s, true, now())",
            (secret, old.seal(b"s", f"secretsmanager:{secret}:v")),
        )
    assert await reseal(store.database, both) == 5
    assert await reseal(store.database, both) == 0
    for key in issued:
        known = await find_key(store.database, new, key.access_key_id)
        assert known
        assert known.secret_access_key == key.secret_access_key
    row = await store.database.fetch_one("SELECT sealed FROM parameter_versions")
    assert row
    assert new.unseal(row.sealed, "ssm:1:r:/a:7") == b"p"
    row = await store.database.fetch_one("SELECT sealed FROM secret_versions")
    assert row
    assert new.unseal(row.sealed, f"secretsmanager:{secret}:v") == b"s"


async def test_every_column_of_bytes_is_registered_as_sealed_or_known_as_none(store: Store) -> None:
    rows = await store.database.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
        " WHERE data_type = 'bytea' AND table_schema = 'public'"
    )
    sealed = {f"{one.table}.{one.column}" for one in SEALED}
    assert sealed <= {row.name for row in rows}
    others = {row.name for row in rows if not row.name.endswith("_hash")} - sealed
    assert others <= {
        "log_chunks.data",
        "object_versions.data",
        "objects.data",
        "upload_parts.data",
    }


# Sockets


async def test_port_0_is_one_that_is_free_and_a_taken_one_is_told() -> None:
    listening = listen(Settings(port=0))
    try:
        host, _, port = listening.endpoint.removeprefix("http://").partition(":")
        assert host == "127.0.0.1"
        with pytest.raises(ListenError, match=f"127.0.0.1:{port} cannot be .* --port"):
            listen(Settings(port=int(port)))
    finally:
        listening.close()


async def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0 cannot be listened on"):
        listen(Settings(host="192.0.2.1", port=0))


async def test_where_a_server_is_reached_from_elsewhere_can_be_given() -> None:
    listening = listen(Settings(port=0))
    assert listening.public == listening.endpoint
    listening.close()
    listening = listen(Settings(port=0, endpoint="https://ci.example/"))
    assert listening.public == listening.container_endpoint == "https://ci.example"
    assert listening.endpoint.startswith("http://127.0.0.1:")
    listening.close()


async def test_the_address_for_containers_can_be_given() -> None:
    listening = listen(Settings(port=0, container_endpoint="http://build-host:80"))
    assert listening.container_endpoint == "http://build-host:80"
    assert len(listening.sockets) == 1
    listening.close()


# What is kept up


async def test_the_end_of_any_process_is_noticed() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
    noticed = asyncio.create_task(ended(process.pid))
    process.kill()
    async with asyncio.timeout(10):
        await noticed
        await process.wait()
        await ended(process.pid)


async def test_a_killed_postgresql_is_started_again(tmp_path: Path) -> None:
    postgres = Postgres(str(tmp_path / "pg"))
    database = Database(await postgres.start(), connections=1)
    first = postgres.process
    keeping = asyncio.create_task(postgres.keep())
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        while postgres.process == first:
            await asyncio.sleep(0.01)
    await database.open()
    assert await database.fetch_one("SELECT 1")
    await database.close()
    keeping.cancel()
    await postgres.stop()


async def test_a_postgresql_that_a_killed_server_left_is_stopped(tmp_path: Path) -> None:
    program = (
        "import os, sys; from penstock.store.embedded import Embedded\n"
        "one = Embedded(sys.argv[1]); one.start(); print(one.process, flush=True); os._exit(0)"
    )
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    left = int((await server.communicate())[0])
    assert await asyncio.to_thread(stop_left, str(tmp_path))
    async with asyncio.timeout(10):
        await ended(left)
    assert not await asyncio.to_thread(stop_left, str(tmp_path))


async def test_the_note_of_a_dead_postgresql_does_not_stand_for_another_process(
    tmp_path: Path,
) -> None:
    note, lock = tmp_path / "postmaster.pid", tmp_path / ".s.PGSQL.5432.lock"
    lock.write_text(str(os.getpid()))
    note.write_text(f"{os.getpid()}\n{tmp_path}\n0\n5432\n{tmp_path}\n\n0\nready\n")
    forget_stale(str(tmp_path))
    assert not note.exists()
    assert not lock.exists()


async def test_a_worker_that_dies_is_started_again_until_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is told to begin, the first and those after it."""
    told = tmp_path / "told"
    os.mkfifo(told)
    program = (
        "import os, sys; os.set_blocking(0, True); sys.stdin.readline()\n"
        f"open({str(told)!r}, 'w').write(str(os.getpid()))\n"
        "sys.stdin.read()"
    )
    monkeypatch.setattr(worker_process, "COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(worker_process, "FIRST", 0.0)
    worker = WorkerProcess(os.environ)
    keeping = asyncio.create_task(worker.keep())
    worker.begin()
    first = int(await asyncio.to_thread(told.read_text))
    os.kill(first, signal.SIGKILL)
    second = int(await asyncio.to_thread(told.read_text))
    assert second != first
    worker.drain()
    async with asyncio.timeout(10):
        await keeping
    assert not psutil.pid_exists(second)
