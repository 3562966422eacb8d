"""Finding a container engine (Docker, or Podman in its place), and images in it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from penstock.runner.shells.contract import HostError
from penstock.runner.shells.images import CURATED, how_to_build

if TYPE_CHECKING:
    from docker import APIClient

Note = Callable[[str], None]
DOCKER_SOCKET = "unix:///var/run/docker.sock"
SHARING = (
    "The engine must see this machine's files: it may run elsewhere, or share only some folders; "
    "set TMPDIR to one of those."
)
SECONDS = 60  # an engine may take so long to answer, pulls and the build's commands apart


class ImageError(HostError):
    """The image cannot be had: CodeBuild's BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE (CB-042)."""

    code = "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"


def places(environ: Mapping[str, str], context: str | None) -> tuple[str, ...]:
    """Where an engine may listen, in the order to try. `context` is the Docker context's host.

    As with the docker command, DOCKER_HOST or a chosen context is the user's word: no other is
    tried.
    """
    if environ.get("DOCKER_HOST"):
        return (environ["DOCKER_HOST"],)
    if context is not None and not context.endswith(DOCKER_SOCKET.removeprefix("unix://")):
        return (context,)
    runtime = environ.get("XDG_RUNTIME_DIR")
    own = (f"unix://{runtime}/podman/podman.sock",) if runtime else ()
    return (DOCKER_SOCKET, *own, "unix:///run/podman/podman.sock")


def connect() -> APIClient:
    """Raises HostError where there is no engine, or no library to speak to one."""
    try:
        import docker
    except ImportError:
        raise HostError(
            "Running in a container needs the docker library for Python: "
            "pip install 'penstock[docker]'"
        ) from None
    context, tls = _context()
    failures = []
    for place in places(os.environ, context):
        try:
            _knock(place)
            return docker.APIClient(base_url=place, tls=tls, version="auto", timeout=SECONDS)
        except (docker.errors.DockerException, OSError) as error:
            failures.append(f"\n  {place}: {_cause(error)}")
    raise HostError(
        f"No container engine answers. Looked at:{''.join(failures)}\n"
        "Start Docker or Podman, name another engine in DOCKER_HOST, or, where permission was "
        "denied, add this user to the group of the socket; or run without a container."
    )


def _knock(place: str) -> None:
    """Fails as plainly as can be where no engine listens. Raises OSError."""
    if place.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(place.removeprefix("unix://"))


def _context() -> tuple[str | None, Any]:
    """The host of the Docker context in use, and its TLS material. Raises HostError."""
    from docker.context import ContextAPI
    from docker.utils import kwargs_from_env

    if os.environ.get("DOCKER_HOST"):
        return None, kwargs_from_env().get("tls", False)
    name = os.environ.get("DOCKER_CONTEXT")
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:  # nothing narrower: the library raises just that
        raise HostError(f"The Docker context in use cannot be read: {error}") from None
    if context is None:
        raise HostError(
            f"There is no Docker context {name or 'of the name in ~/.docker/config.json'!r}. "
            "`docker context ls` shows those there are."
        )
    return context.Host, context.TLSConfig or False


def _cause(error: BaseException) -> str:
    """The innermost reason: libraries wrap the one that helps in three that do not."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error)


def reason(error: Exception) -> str:
    """What the engine said, without the library's wrapping."""
    return str(getattr(error, "explanation", None) or error).strip().rstrip(".")


def have_image(engine: APIClient, image: str, note: Note) -> dict[str, Any]:
    """What the engine knows of the image, which is pulled if it is not there. Raises ImageError."""
    from docker.errors import APIError, ImageNotFound

    try:
        return dict(engine.inspect_image(image))
    except ImageNotFound:
        pass
    if image.startswith(CURATED):
        # Nobody serves these: a pull would ask a public registry for a stranger's image.
        raise ImageError(f"{image} is not on this machine. {how_to_build(image)}")
    note(f"Pulling {image}, as it is not on this machine yet")
    try:
        for event in engine.pull(image, stream=True, decode=True):
            if "error" in event:
                raise ImageError(_not_pulled(image, event["error"]))
        return dict(engine.inspect_image(image))
    except APIError as error:
        raise ImageError(_not_pulled(image, reason(error))) from None


def _not_pulled(image: str, why: str) -> str:
    return (
        f"Unable to pull the image {image}: {why}. Log in to its registry (docker login), or "
        f"have another image stand in for it: PENSTOCK_IMAGES='{image}=ANOTHER'"
    )
