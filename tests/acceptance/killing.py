"""Who is killed, and when: shared by the tests that kill processes of a real installation.

PENSTOCK_SOAK_BUILDS and PENSTOCK_SOAK_ROUNDS make those that kill at random long ones,
PENSTOCK_SOAK_SEED repeats what a run did: `make soak`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

SOAK = "PENSTOCK_SOAK_BUILDS" in os.environ
BUILDS = int(os.environ.get("PENSTOCK_SOAK_BUILDS", "12"))
ROUNDS = int(os.environ.get("PENSTOCK_SOAK_ROUNDS", "1"))
SEED = int(os.environ.get("PENSTOCK_SOAK_SEED", random.SystemRandom().randrange(1 << 32)))
VICTIMS = ("server", "worker", "build", "postgres", "server and postgres")
OPTIONS = ("--runner-where", "host", "--runner-builds", "4")
LOSSES = {"WORKER_LOST", "BUILD_PROCESS_LOST"}
LOST = 40.0
"""Seconds within which the builds of a lost worker are settled."""


def kill(process: psutil.Process | None) -> bool:
    if process is None:
        return False
    with suppress(psutil.NoSuchProcess):
        process.kill()
    return True


def strike(installation: Any, victim: str, chance: random.Random) -> None:
    """Kills with SIGKILL; a server is started again on the same data."""
    if victim == "worker":
        kill(installation.worker())
    elif victim == "build":
        performing = installation.build_processes()
        kill(chance.choice(performing) if performing else None)
    else:
        if "postgres" in victim:
            kill(installation.postmaster())
        if "server" in victim:
            installation.kill()
            installation.start()


def strikes(chance: random.Random) -> Iterator[str]:
    """Everybody in turn, in any order; more often where there are more builds."""
    for _ in range(max(1, BUILDS // 20)):
        yield from chance.sample(VICTIMS, len(VICTIMS))


def left_of(builds: list[dict[str, Any]]) -> list[psutil.Process]:
    """Processes that commands of builds have started and are still there."""
    marks = [f"CODEBUILD_BUILD_ID={build['id']}".encode() for build in builds]
    found = []
    for one in psutil.process_iter():
        with suppress(OSError):
            environment = Path(f"/proc/{one.pid}/environ").read_bytes().split(b"\0")
            if any(mark in environment for mark in marks):
                found.append(one)
    return found
