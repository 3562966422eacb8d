"""Where builds run: in containers, or on this machine (CB-164)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import penstock.runner.codebuild as codebuild
from penstock.runner.codebuild.environment import inherited
from penstock.runner.shells.contract import Host, HostError, Setting
from penstock.runner.shells.images import resolve_image
from penstock.runner.shells.local import LocalHost
from penstock.worker.refusal import refused
from penstock.worker.settings import RunnerSettings
from penstock.worker.work import Engine, Work

PROGRAMS = "/usr/local/bin"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
GIB = 1 << 30
SIZES = {
    "BUILD_GENERAL1_SMALL": (2, 4),
    "BUILD_GENERAL1_MEDIUM": (4, 8),
    "BUILD_GENERAL1_LARGE": (8, 16),
    "BUILD_GENERAL1_XLARGE": (36, 72),
    "BUILD_GENERAL1_2XLARGE": (72, 144),
}
"""Processors and GiB; a type that is not here is not limited."""

Note = Callable[[str], None]


def find_engine(settings: RunnerSettings) -> Engine | None:
    """The engine that builds run in; None where they run on the host. Raises HostError."""
    if settings.where == "host":
        return None
    from penstock.runner.shells.docker.engine import connect

    try:
        engine = connect()
    except HostError:
        if settings.where == "container":
            raise
        return None
    try:
        return Engine(int(engine.info()["NCPU"]))
    finally:
        engine.close()


def check_host(work: Work) -> None:
    """Raises Refused where builds may not run and there is nowhere else."""
    if work.engine is None and not work.runner.allow_host:
        raise refused(
            "No container engine answers, and builds may not run on the worker's own machine. "
            "Start Docker or Podman there and then the worker again, or allow it with "
            "runner.allow_host."
        )


def provision(work: Work, note: Note) -> None:
    """Has the image there before the build needs it. Raises Refused (CB-042)."""
    if work.engine is None:
        return
    from penstock.runner.shells.docker.engine import ImageError, connect, have_image

    try:
        engine = connect()
        try:
            have_image(engine, _image(work), note)
        finally:
            engine.close()
    except ImageError as error:
        raise refused(str(error), error.code) from None
    except HostError as error:
        raise refused(str(error)) from None


def make_host(work: Work, variables: Mapping[str, str], note: Note) -> Callable[[Setting], Host]:
    """A maker of the place a build runs in; `variables` are put over all others. It raises
    HostError."""

    def make(setting: Setting) -> Host:
        setting = setting._replace(environment={**setting.environment, **variables})
        if work.engine is None:
            return LocalHost(setting)
        return _container(work, work.engine, setting, note)

    return make


def _container(work: Work, engine: Engine, setting: Setting, note: Note) -> Host:
    from penstock.runner.shells.docker import Container
    from penstock.runner.shells.docker.creation import ContainerOptions

    environment = work.effective["environment"]
    cpus, memory = limits(environment["computeType"], engine.cpus)
    options = ContainerOptions(
        _image(work),
        work.inside(setting.source),
        privileged=environment.get("privilegedMode", False),
        cpus=cpus,
        memory=memory,
    )
    container = Container(setting, options, note)
    container.put(os.path.join(codebuild.__path__[0], "tools"), PROGRAMS)
    return container


def limits(compute_type: str, cpus: int) -> tuple[float | None, int | None]:
    """Processors and bytes for a compute type (CB-164); an engine gives no more than it has."""
    wanted, gibibytes = SIZES.get(compute_type, (0, 0))
    return (wanted if 0 < wanted < cpus else None), (gibibytes * GIB or None)


def machine(work: Work, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a build has from where it runs."""
    if work.engine is not None:
        return {}
    found = inherited(environ)
    tools = os.path.join(codebuild.__path__[0], "tools")
    found["PATH"] = f"{tools}:{found.get('PATH', DEFAULT_PATH)}"
    found.setdefault("HOME", os.path.expanduser("~"))
    return found


def _image(work: Work) -> str:
    return resolve_image(work.effective["environment"]["image"], work.runner.images)


def order_image(work: Work) -> str:
    """The image as the project names it, for a build that runs in one."""
    return str(work.effective["environment"]["image"]) if work.engine else ""
