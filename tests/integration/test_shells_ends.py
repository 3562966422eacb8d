"""How all ends that a build's shells have started."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from penstock.runner.shells.contract import DeadlinePassed, Shell

from .shell_places import LOCAL_SH, PATIENCE, Kind, Place, run


def running(mark: str) -> list[str]:
    """The processes of this machine, in containers or not, that have `mark` as an argument."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                arguments = file.read().split(b"\0")
        except OSError:
            continue
        if mark.encode() in arguments:
            found.append(pid)
    return found


def test_after_a_deadline_everything_ends_within_two_seconds(place: Place, shell: Shell) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    text = (
        f"echo begun; sleep {mark} & setsid sleep {mark} & nohup sleep {mark} &\n"
        f"(setsid sh -c 'sleep {mark} & sleep {mark}' &)\ntrap '' TERM INT HUP; sleep {mark}"
    )
    output = bytearray()
    with pytest.raises(DeadlinePassed):
        shell.run(text, output.extend, time.monotonic() + 1)
    assert bytes(output) == b"begun\n"
    assert len(running(mark)) >= 6
    began = time.monotonic()
    place.host.stop()
    shell.close()
    assert time.monotonic() - began < 2
    assert running(mark) == []
    place.host.stop()


ESCAPING = """\
setsid env -i sleep {mark} & (setsid env -i sleep {mark} &)
sh -c 'setsid env -i sh -c "sleep {mark} & sleep {mark}" &'
"""


def await_running(mark: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(running(mark)) < count:
        assert time.monotonic() < deadline
        os.sched_yield()


def test_what_leaves_its_session_and_its_environment_ends_with_the_build(
    place: Place, shell: Shell
) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    run(shell, ESCAPING.format(mark=mark))
    run(shell, f"{ESCAPING.format(mark=mark)}exit 3")
    await_running(mark, 8)
    place.host.stop()
    shell.close()
    assert running(mark) == []


def test_nothing_ends_with_a_build_but_its_own(
    place_in: Callable[[Kind, str], Place], tmp_path: Path
) -> None:
    mark, mine = (f"{random.randrange(10**8, 10**9)}" for _ in range(2))
    first, second = (place_in(LOCAL_SH, str(tmp_path / name)) for name in ("first", "second"))
    shells = [place.host.start(None) for place in (first, second)]
    run(shells[0], ESCAPING.format(mark=mine))
    run(shells[1], ESCAPING.format(mark=mark))
    await_running(mark, 4)
    await_running(mine, 4)
    with subprocess.Popen(["setsid", "sleep", mine]) as child:
        await_running(mine, 5)
        first.host.stop()
        assert len(running(mark)) == 4
        assert running(mine) == [str(child.pid)]
        assert run(shells[1], "echo on") == (0, True, b"on\n")
        child.kill()
    second.host.stop()
    assert running(mark) == []
    for shell in shells:
        shell.close()


def test_a_deadline_holds_for_a_command_that_never_stops_printing(
    place: Place, shell: Shell
) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        shell.run("yes & yes", lambda data: None, began + 0.5)
    place.host.stop()
    assert time.monotonic() - began < 2.5


def states_of(mark: str) -> set[str]:
    states = set()
    for pid in running(mark):
        with suppress(FileNotFoundError), open(f"/proc/{pid}/stat") as file:
            states.add(file.read().rpartition(")")[2].split()[0])
    return states


def test_a_frozen_build_runs_nothing_any_more(place: Place, shell: Shell) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    run(shell, f"sleep {mark} & setsid sh -c 'while :; do sleep {mark}; done' & echo kept >file")
    shell.close()
    place.host.freeze()
    end = time.monotonic() + PATIENCE
    while states_of(mark) - {"T"}:  # one that was on a processor is told when it leaves it
        assert time.monotonic() < end
    with open(os.path.join(place.source, "file")) as file:
        assert file.read() == "kept\n"
    place.host.stop()
    assert running(mark) == []
