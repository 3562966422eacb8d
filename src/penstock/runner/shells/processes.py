"""Ending all that a build started on this machine, however it left its shell."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from signal import SIGKILL

PATIENCE = 1.5  # seconds: a busy machine may take its time over a killed process
# While its program starts a process has no environment to be known by; kernel threads never have.
STARTING = 3  # looks in a row that such a process is waited for
KERNEL = (b"0", b"2")


def end_all(leader: int, marker: bytes) -> None:
    """Kills the process group of `leader`, then every process that has `marker` as environment.

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
    while clean < STARTING and time.monotonic() < deadline:
        found = list(_build_processes(leader, marker))
        clean = 0 if any(known for _, known in found) else clean + 1 if found else STARTING
        for pid, known in found:
            if known:
                _kill(pid)
        os.sched_yield()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, SIGKILL)
    except ProcessLookupError:
        pass


def _build_processes(leader: int, marker: bytes) -> Iterator[tuple[int, bool]]:
    """The build's processes that live, and (with False) those that are just being started."""
    # Process ids rise, so a build's are above its shell's, unless they have started anew since.
    oldest = leader if _newest() >= leader else 0
    own = os.getpid()
    for name in _listing():
        pid = int(name) if name.isdigit() else own
        if pid < oldest or pid == own:
            continue
        environment = _read(f"/proc/{name}/environ")
        if environment and marker in environment:
            yield pid, True
        elif environment == b"" and _is_starting(name):
            yield pid, False


def _is_starting(name: str) -> bool:
    fields = (_read(f"/proc/{name}/stat") or b"").rpartition(b")")[2].split()
    return len(fields) > 1 and fields[0] not in (b"Z", b"X") and fields[1] not in KERNEL


def _newest() -> int:
    fields = (_read("/proc/loadavg") or b"").split()
    return int(fields[-1]) if fields else 0


def _listing() -> list[str]:
    try:
        return os.listdir("/proc")
    except OSError:
        return []


def _read(path: str) -> bytes | None:
    """None where it is gone, or another user's."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
