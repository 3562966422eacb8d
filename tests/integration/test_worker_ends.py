"""How builds end that do not end by themselves: stopped, out of time, killed with their worker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from penstock.flow.builds import stop

from .yard import PATIENCE, Yard, phases, spec

pytestmark = pytest.mark.anyio


def processes(word: str) -> list[int]:
    """Those with a word in their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if word.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_build_that_is_stopped_leaves_nothing_running(yard: Yard) -> None:
    """CB-136: the running phase is STOPPED, and nothing follows but COMPLETED."""
    await yard.project("web", spec("setsid sleep 600.25 & sleep 600.25"))
    async with yard.worker():
        build = await yard.start("web")
        await until(lambda: len(processes("600.25")) >= 2)
        await stop(yard.store, build, datetime.now(UTC))
        document = await yard.ended(build)
    assert document["buildStatus"] == "STOPPED"
    assert list(phases(document).items())[-2:] == [("BUILD", "STOPPED"), ("COMPLETED", "")]
    assert not processes("600.25")


async def test_a_build_that_takes_too_long_is_ended(yard: Yard) -> None:
    """CB-133"""
    async with yard.worker():
        document = await yard.built(spec("sleep 601.25"), timeoutInMinutes=0.01)
    assert document["buildStatus"] == "TIMED_OUT"
    assert phases(document)["BUILD"] == "TIMED_OUT"
    assert not processes("601.25")


async def test_a_build_whose_process_is_killed_ends_with_a_fault(yard: Yard) -> None:
    await yard.project("web", spec("sleep 602.25; true"))
    async with yard.worker():
        build = await yard.start("web")
        await yard.reached(build, "BUILD")
        await until(lambda: bool(processes("602.25")))
        os.kill(parent(parent(processes("602.25")[0])), signal.SIGKILL)
        document = await yard.ended(build)
        await until(lambda: not processes("602.25"))
    assert document["buildStatus"] == "FAULT"
    build_phase = document["phases"][-2]
    assert build_phase["phaseType"] == "BUILD"
    assert "signal 9" in build_phase["contexts"][0]["message"]


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_build_whose_process_cannot_be_started_ends_with_a_fault(yard: Yard) -> None:
    yard.runner = yard.runner._replace(images=MappingProxyType({}))  # goes to no other process
    async with yard.worker():
        document = await yard.built(spec("true"))
    assert document["buildStatus"] == "FAULT"
    assert "mappingproxy" in json.dumps(document["phases"])


async def test_a_build_ends_when_its_worker_is_killed(yard: Yard) -> None:
    """Its own process tells the end, and ends all that it has started."""
    await yard.project("web", spec("sleep 603.25"))
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE, *yard.location, yard.runner.folder
    )
    build = await yard.start("web")
    await until(lambda: bool(processes("603.25")))
    worker.kill()
    await worker.wait()
    document = await yard.ended(build)
    await until(lambda: not processes("603.25"))
    assert document["buildStatus"] == "FAULT"
    assert phases(document)["BUILD"] == "FAULT"


ALONE = """
import asyncio, sys
from penstock.store.opening import Location
from penstock.worker.process import work
from penstock.worker.settings import RunnerSettings
async def main():
    await work(Location(*sys.argv[1:4]), RunnerSettings("host", sys.argv[4]),
               builds_at_once=1, name="alone", stopping=asyncio.Event())
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_what_a_killed_worker_has_left_is_removed(yard: Yard) -> None:
    """Whatever outlived it, its build's process too."""
    await yard.project("web", spec("true"))
    async with yard.worker():
        build = await yard.start("web")
        await yard.ended(build)
    folder = yard.folder / "builds" / str(build.uuid)
    (folder / "tmp").mkdir(parents=True)
    left = await asyncio.create_subprocess_exec(
        "sleep", "604.25", env={**os.environ, "CODEBUILD_BUILD_ID": build.id}
    )
    async with yard.worker():
        await until(lambda: not folder.exists())
        async with asyncio.timeout(PATIENCE):
            assert await left.wait() == -signal.SIGKILL


async def test_a_worker_that_is_to_stop_finishes_what_it_has_begun(yard: Yard) -> None:
    await yard.project("web", spec(f"while [ ! -e {yard.folder}/go ]; do sleep 0.02; done"))
    async with yard.worker(1) as stopping:
        first = await yard.start("web")
        await until(lambda: any((yard.folder / "builds").glob("*/src*")))
        stopping.set()
        second = await yard.start("web")
        (yard.folder / "go").touch()
        assert (await yard.ended(first))["buildStatus"] == "SUCCEEDED"
    assert (await yard.document(second))["currentPhase"] == "QUEUED"
    async with yard.worker():
        assert (await yard.ended(second))["buildStatus"] == "SUCCEEDED"


async def test_nothing_is_lost_while_the_database_is_away(yard: Yard) -> None:
    """Every line is there, and the build goes on meanwhile."""
    lines = 20_000
    counting = f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; done"
    await yard.project("web", spec(f"touch {yard.folder}/begun; {counting}"))
    async with yard.worker():
        build = await yard.start("web")
        await until(lambda: (yard.folder / "begun").exists())
        async with yard.store.database.connect() as connection:
            for _ in range(3):
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        document = await yard.ended(build)
    assert document["buildStatus"] == "SUCCEEDED"
    printed = [line for line in await yard.log(document) if line.startswith("line ")]
    assert printed == [f"line {number}" for number in range(1, lines + 1)]
