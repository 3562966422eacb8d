"""Places where a shell of a build runs: this machine, a container."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from penstock.runner.shells.contract import Host, Setting, Shell
from penstock.runner.shells.local import LocalHost

PATIENCE = 30.0
INSIDE = "/codebuild/output/src123456789/src"


class Kind(NamedTuple):
    place: str
    shell: str


LOCAL_SH, LOCAL_BASH = Kind("local", "sh"), Kind("local", "bash")
DOCKER_SH, DOCKER_BASH = Kind("docker", "sh"), Kind("docker", "bash")


def kinds(*wanted: Kind) -> list[object]:
    return [
        pytest.param(
            kind,
            id="-".join(kind),
            marks=[pytest.mark.docker] if kind.place == "docker" else [],
        )
        for kind in wanted
    ]


class Place(NamedTuple):
    """A host, and its two folders as the test sees them. `inside` is the source as it sees it."""

    kind: Kind
    host: Host
    folder: str
    source: str
    inside: str


@pytest.fixture
def place_in(request: pytest.FixtureRequest) -> Iterator[Callable[[Kind, str], Place]]:
    """Makes a place below a folder; all are stopped in the end."""
    places = []

    def make(kind: Kind, base: str) -> Place:
        folder, source = os.path.join(base, "tmp"), os.path.join(base, "src123456789", "src")
        os.makedirs(folder)
        os.makedirs(source)
        build = f"test:{random.getrandbits(64)}"
        environment = {"PATH": os.environ["PATH"], "CODEBUILD_BUILD_ID": build}
        setting = Setting(kind.shell, folder, source, environment, f"CODEBUILD_BUILD_ID={build}")
        if kind.place == "local":
            places.append(Place(kind, LocalHost(setting), folder, source, source))
        else:
            from penstock.runner.shells.docker import Container
            from penstock.runner.shells.docker.creation import ContainerOptions

            options = ContainerOptions(request.getfixturevalue("image"), INSIDE)
            host = Container(setting, options, print)
            places.append(Place(kind, host, folder, source, INSIDE))
        return places[-1]

    yield make
    for place in places:
        place.host.stop()


@pytest.fixture(params=kinds(LOCAL_SH, LOCAL_BASH, DOCKER_SH))
def place(
    request: pytest.FixtureRequest, place_in: Callable[[Kind, str], Place], tmp_path: Path
) -> Place:
    return place_in(request.param, str(tmp_path))


@pytest.fixture
def shell(place: Place) -> Iterator[Shell]:
    shell = place.host.start(None)
    yield shell
    place.host.stop()
    shell.close()


def run(shell: Shell, text: str) -> tuple[int, bool, bytes]:
    """Status, whether the shell lives, and all that was printed."""
    output = bytearray()
    ended = shell.run(text, output.extend, time.monotonic() + PATIENCE)
    return ended.status, ended.alive, bytes(output)


def next_shell(place: Place, shell: Shell) -> Shell:
    """The shell that takes over from one that ended."""
    shell.close()
    successor = place.host.start(None)
    successor.load()
    return successor
