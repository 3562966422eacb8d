"""Ending all that a build started on this machine, however it left its shell."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from signal import SIGKILL

PATIENCE = 1.5  # seconds: a busy machine may take its time over a killed process
# Linux keeps this limit since 2.4 but looks at it no more. Every process has its parent's, whatever
# session, user or environment it makes for itself; only `ulimit -x` and prlimit(2) change it.
FILE_LOCKS = 10
# One that has ended while it was looked at may have started another before, and one with no
# environment may be about to start its program; kernel threads never have one.
UNSURE = 3  # looks in a row that such a process is worth
KERNEL = (b"0", b"2")
ENDED = (b"Z", b"X")


def mark(leader: int, variable: bytes) -> None:
    """Marks a shell that has started nothing yet, and with it all that it will start.

    `variable` is a NAME=value of its environment that no other build has. Where the system has no
    such limits, or refuses, that alone is the mark, and what drops its environment is not found.
    """
    try:
        import resource

        resource.prlimit(leader, FILE_LOCKS, (_number(variable), resource.RLIM_INFINITY))
    except (ImportError, AttributeError, OSError, ValueError):
        pass


def _number(variable: bytes) -> int:
    """The same wherever it is asked for; another for another build's."""
    return int.from_bytes(variable, "big") % ((1 << 61) - 1)


def end_all(leader: int, variable: bytes) -> None:
    """Kills the process group of `leader`, then every process marked with `variable`.

    At once and with no warning, the shell among the first: a shell that outlived the command it
    waits for would go on to the next line, which CodeBuild would not run. Where there is no /proc
    only the process group is ended.
    """
    try:
        os.killpg(leader, SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone already
    deadline = time.monotonic() + PATIENCE
    clean = 0
    while clean < UNSURE and time.monotonic() < deadline:
        found = list(_build_processes(leader, variable))
        hit = [pid for pid, known in found if known and _kill(pid)]
        clean = 0 if hit else clean + 1 if found else UNSURE
        os.sched_yield()


def _kill(pid: int) -> bool:
    """False where it is another user's (sudo): nothing can be done about that one."""
    try:
        os.kill(pid, SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        return False
    return True


def _build_processes(leader: int, variable: bytes) -> Iterator[tuple[int, bool]]:
    """The build's processes that live, and (with False) those of which that is not sure."""
    # Process ids rise, so a build's are above its shell's, unless they have started anew since.
    oldest = leader if _newest() >= leader else 0
    own = os.getpid()
    number = b" %d " % _number(variable)
    for pid in _listing():
        if pid < oldest or pid == own:
            continue
        limits, environment = _read(pid, "limits"), _read(pid, "environ")
        known = number in (limits or b"") or variable in (environment or b"")
        if known or b"" in (limits, environment):
            state, parent = _state_and_parent(pid)
            if state not in ENDED and (known or parent not in KERNEL):
                yield pid, known


def _state_and_parent(pid: int) -> tuple[bytes, bytes]:
    fields = (_read(pid, "stat") or b"").rpartition(b")")[2].split()
    return (fields[0], fields[1]) if len(fields) > 1 else (b"", b"")


def _newest() -> int:
    try:
        with open("/proc/loadavg", "rb") as file:
            return int(file.read().split()[-1])
    except (OSError, IndexError):
        return 0


def _listing() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _read(pid: int, name: str) -> bytes | None:
    """Empty where the process has gone, None where it is another user's."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""
    except OSError:
        return None
