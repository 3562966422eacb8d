"""Where an engine is looked for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from penstock.runner.shells.docker.engine import DOCKER_SOCKET, places

PODMAN = "unix:///run/podman/podman.sock"
OWN = "unix:///run/user/1000/podman/podman.sock"


@pytest.mark.parametrize(
    ("environ", "context", "looked_at"),
    [
        ({}, None, (DOCKER_SOCKET, PODMAN)),
        ({}, "http+unix:///var/run/docker.sock", (DOCKER_SOCKET, PODMAN)),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, None, (DOCKER_SOCKET, OWN, PODMAN)),
        ({}, "unix:///home/me/.colima/docker.sock", ("unix:///home/me/.colima/docker.sock",)),
        ({"DOCKER_HOST": "tcp://build:2375"}, None, ("tcp://build:2375",)),
        ({"DOCKER_HOST": ""}, None, (DOCKER_SOCKET, PODMAN)),
    ],
)
def test_what_the_user_chose_is_the_only_place_else_the_usual_ones_are_tried(
    environ: Mapping[str, str], context: str | None, looked_at: tuple[str, ...]
) -> None:
    assert places(environ, context) == looked_at
