"""What the process of a build is given: values only, so that it can be sent there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.flow.builds import Begun
from penstock.store.opening import Location
from penstock.worker.settings import RunnerSettings

BELOW = "/codebuild/output"
"""Where a container has what is below a build's folder here (CB-112)."""


class Engine(NamedTuple):
    """The engine that containers are made by; `cpus` is how many it has."""

    cpus: int


class Work(NamedTuple):
    """A build to perform. `engine` is None where it runs on the host.

    `endpoint` is the server's address as programs of the build reach it, `page` as people do.
    """

    begun: Begun
    location: Location
    runner: RunnerSettings
    engine: Engine | None
    endpoint: str
    page: str

    @property
    def effective(self) -> Mapping[str, Any]:
        return self.begun.effective

    @property
    def folder(self) -> str:
        """The build's own, with all it has on this machine but its local caches."""
        return os.path.join(self.runner.folder, str(self.begun.name.uuid))

    @property
    def tmp(self) -> str:
        return os.path.join(self.folder, "tmp")

    @property
    def cache_folder(self) -> str:
        """What the project's builds on this machine keep for one another; another generation is
        another folder (CB-095, CB-096)."""
        name = self.begun.name
        return os.path.join(
            self.runner.folder,
            "caches",
            f"{name.account}-{name.region}-{name.project}",
            str(self.begun.cache_generation),
        )

    @property
    def marker(self) -> str:
        """The variable of all the build's processes that no other build has."""
        return marker(self.begun.name.id)

    def inside(self, path: str) -> str:
        """Where the build sees a path below its folder."""
        if self.engine is None:
            return path
        return BELOW + path.removeprefix(self.folder)


def marker(build_id: str) -> str:
    return f"CODEBUILD_BUILD_ID={build_id}"
