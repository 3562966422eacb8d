"""The PostgreSQL that comes along."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from penstock.serving.postgres import forget_stale
from penstock.store.embedded import Embedded, EmbeddedError


def test_it_starts_stops_and_starts_again_with_what_was_in_it() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-embedded-") as folder:
        for expected in (0, 1):
            server = Embedded(folder)
            with psycopg.connect(server.start(), autocommit=True) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (x int)")
                row = connection.execute("SELECT count(*) FROM kept").fetchone()
                assert row == (expected,)
                connection.execute("INSERT INTO kept VALUES (1)")
            server.stop()


def test_one_that_is_fleeting_waits_for_no_disk_and_others_do() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-embedded-") as folder:
        for name, expected in (("fleeting", "off"), ("lasting", "on")):
            server = Embedded(f"{folder}/{name}", fleeting=name == "fleeting")
            with psycopg.connect(server.start()) as connection:
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    assert connection.execute(f"SHOW {setting}").fetchone() == (expected,)
            process = server.process
            server.stop()
            assert not psutil.pid_exists(process) or (
                psutil.Process(process).status() == psutil.STATUS_ZOMBIE
            )


def test_one_whose_starter_was_killed_before_it_was_ready_is_waited_for() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-embedded-") as folder:
        first = Embedded(folder)
        first.start()
        process = psutil.Process(first.process)
        os.kill(first.process, signal.SIGKILL)
        psutil.wait_procs([process], 5)
        first._forget()
        note = Path(folder, "postmaster.pid")
        note.unlink()
        code = f"from penstock.store.embedded import Embedded; Embedded({folder!r}).start()"
        starter = subprocess.Popen([sys.executable, "-c", code])
        while not note.exists():
            assert starter.poll() is None
        starter.kill()
        starter.wait()
        server = Embedded(folder)
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        server.stop()


def test_processes_that_a_killed_one_has_left_are_waited_for() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-embedded-") as folder:
        first = Embedded(folder)
        psycopg.connect(first.start()).close()
        main = psutil.Process(first.process)
        [slow, *_] = children = main.children()
        slow.suspend()
        main.kill()
        psutil.wait_procs([main, *(one for one in children if one != slow)], 5)
        first._forget()
        forget_stale(folder)
        with ThreadPoolExecutor() as pool:
            started = pool.submit(Embedded(folder).start)
            log = Path(folder, "log")
            while "is still in use" not in log.read_text() and not started.done():
                time.sleep(0.01)
            slow.resume()
            with psycopg.connect(started.result()) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        again = Embedded(folder)
        again.start()
        again.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as another user")
def test_a_closed_folder_above_it_is_opened_for_passing_through_only() -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-embedded-") as folder:
        home = Path(folder, "home")
        home.mkdir(mode=0o700)
        server = Embedded(str(home / "data"))
        try:
            with psycopg.connect(server.start(), autocommit=True) as connection:
                connection.execute("CHECKPOINT")  # opens files by the whole of their paths
            assert stat.S_IMODE(home.stat().st_mode) == 0o711
        finally:
            server.stop()


def test_a_folder_that_is_none_of_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedError, match="does not start"):
        Embedded(str(tmp_path)).start()
