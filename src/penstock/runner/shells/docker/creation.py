"""What kind of container a build gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from docker import APIClient

FOLDER = "/codebuild/output/tmp"
LABEL = "penstock"
ENTRYPOINT = "dockerd-entrypoint.sh"
# Waits for its input to end. The engine ends that when the process that holds the other end is
# gone, however it went, and then removes the container: a killed Penstock leaves nothing running.
IDLE = "cat"
# Stands above an entrypoint: passes on what is printed until the idle program has echoed a word,
# `$0`. Later nobody reads any more, and what an engine inside logs would fill its pipe and stop it.
# As that engine outlives its entrypoint and keeps the pipe open, a line tells of the end.
QUIETENED = """\
{ "$@" 2>&1; printf '\\nended %s\\n' "$0"; } | {
  while read -r line; do
    case $line in "ended $0") exit ;; esac
    printf '%s\\n' "$line"
    case $line in *"$0") break ;; esac
  done
  grep -qx "ended $0"
}"""


class ContainerOptions(NamedTuple):
    """`source` is where the build sees its source; `cpus` and `memory` (bytes) are None for all."""

    image: str
    source: str
    privileged: bool = False
    cpus: float | None = None
    memory: int | None = None


class Creation(NamedTuple):
    """`mounts` are this machine's folders and where the container has them: no others are seen."""

    image: str
    entrypoint: tuple[str, ...]
    mounts: tuple[tuple[str, str], ...]
    options: ContainerOptions


def creation(
    options: ContainerOptions, image: Mapping[str, Any], folder: str, source: str
) -> Creation:
    """`image` is what the engine knows of it, the folders are this machine's.

    CodeBuild's images start an engine by their entrypoint, for which they must be privileged
    (CB-056); any other entrypoint would only stand between Penstock and the shell.
    """
    entrypoint = (image.get("Config") or {}).get("Entrypoint") or []
    if not (options.privileged and any(part.endswith(ENTRYPOINT) for part in entrypoint)):
        entrypoint = []
    mounts = ((folder, FOLDER), (source, options.source))
    return Creation(options.image, tuple(entrypoint), mounts, options)


def command(entrypoint: tuple[str, ...], word: str) -> list[str]:
    """What a container runs, which echoes `word` once that is sent and the entrypoint is done."""
    return ["/bin/sh", "-c", QUIETENED, word, *entrypoint, IDLE] if entrypoint else [IDLE]


def create(engine: APIClient, creation: Creation, word: str) -> str:
    """The id of a new container, not started yet. Raises DockerException."""
    from docker.types import Mount

    options = creation.options
    mounts = [Mount(inside, here, type="bind") for here, inside in creation.mounts]
    if options.privileged:
        # An engine inside cannot put its layers on top of the container's own.
        mounts.append(Mount("/var/lib/docker", None, type="volume"))
    limits: dict[str, Any] = {}
    if options.cpus is not None:
        limits["nano_cpus"] = int(options.cpus * 1e9)
    if options.memory is not None:
        limits |= {"mem_limit": options.memory, "memswap_limit": options.memory}
    host_config = engine.create_host_config(
        mounts=mounts,
        init=True,
        auto_remove=True,
        log_config={"type": "none"},
        privileged=options.privileged,
        security_opt=[] if options.privileged else ["no-new-privileges"],
        **limits,
    )
    made = engine.create_container(
        creation.image,
        name=f"penstock-{os.urandom(6).hex()}",
        labels={LABEL: "build"},
        # All of it: an empty one would mean the image's own to Podman.
        entrypoint=command(creation.entrypoint, word),
        user="0",
        working_dir="/",
        stdin_open=True,
        host_config=host_config,
    )
    return str(made["Id"])


def inside(mounts: tuple[tuple[str, str], ...], path: str) -> str | None:
    """Where a container with these mounts sees a path of this machine's."""
    for here, there in mounts:
        if path == here or path.startswith(here + "/"):
            return there + path[len(here) :]
    return None


def owner_inside(security_options: list[str], uid: int, gid: int) -> str:
    """Who, in a container, is the user of this machine with these ids: root, if it is rootless."""
    rootless = any("name=rootless" in option for option in security_options)
    return "0:0" if rootless else f"{uid}:{gid}"
