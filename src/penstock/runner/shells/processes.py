"""Ending all that a build started on this machine, however it left its shell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from signal import SIGKILL

ROUNDS = 100  # a process that keeps forking may out-run a few of them


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
    for _ in range(ROUNDS):
        found = list(_marked(leader, marker))
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                pass


def _marked(leader: int, marker: bytes) -> Iterator[int]:
    # Process ids rise, so a build's are above its shell's, unless they have started anew since.
    oldest = leader if _newest() >= leader else 0
    own = os.getpid()
    for name in _listing():
        pid = int(name) if name.isdigit() else own
        if pid >= oldest and pid != own and marker in _read(f"/proc/{name}/environ"):
            yield pid


def _newest() -> int:
    fields = _read("/proc/loadavg").split()
    return int(fields[-1]) if fields else 0


def _listing() -> list[str]:
    try:
        return os.listdir("/proc")
    except OSError:
        return []


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
