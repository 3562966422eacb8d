"""One build as it was asked for, what it is handed to work with, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from penstock.documents.buildspec import Artifact, Buildspec
from penstock.runner.codebuild.sinks import Failure
from penstock.state.builds import PhaseRecord, Status

if TYPE_CHECKING:  # the run path imports these only where the build needs them
    from penstock.runner.codebuild.artifacts import Selection
    from penstock.runner.codebuild.cache import CacheStore
    from penstock.runner.codebuild.reports.model import Report
    from penstock.runner.codebuild.secrets import SecretSource
    from penstock.runner.codebuild.source import Source
    from penstock.runner.shells.contract import Host, Setting


# Keeps the files of an artifact under a name and tells where they are. Raises ArchiveError.
Deliver = Callable[["Selection", Artifact, str], str]


class Order(NamedTuple):
    """What to build.

    `overrides` are the variables of whoever starts the build, `machine` those the machine or image
    has. `folder` is the build's own temporary folder, which is there and empty. `started` is in
    seconds since 1970, `timeout` in seconds.
    """

    spec: Buildspec
    project: str
    uuid: str
    folder: str
    machine: Mapping[str, str]
    overrides: Mapping[str, str]
    started: float
    timeout: float | None = None
    number: int = 1
    image: str = ""
    region: str = "us-east-1"
    account: str = "000000000000"
    initiator: str = ""
    shell: str = "sh"
    strict_runtimes: bool = False
    batch_identifier: str = ""

    @property
    def build_id(self) -> str:
        return f"{self.project}:{self.uuid}"

    @property
    def arn(self) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.account}:build/{self.build_id}"


class Services(NamedTuple):
    """What a build works with; whoever starts it decides how real each is.

    `fetch` puts the source into a folder (or names another one) and `host` makes the place to run
    in. `inside` tells where the build sees a path of this machine. `deliver` keeps one artifact and
    says where; None keeps none, though what is missing still fails the build. `secondary` are the
    folders of secondary sources: as the build sees them, and as this process does.
    """

    fetch: Callable[[str], Source]
    host: Callable[[Setting], Host]
    inside: Callable[[str], str]
    secrets: tuple[SecretSource, ...] = ()
    caches: CacheStore | None = None
    deliver: Deliver | None = None
    secondary: Mapping[str, str] = {}


class Result(NamedTuple):
    """How a build ended. `failure` is the first command that failed; texts are masked."""

    status: Status
    records: tuple[PhaseRecord, ...]
    failure: Failure | None = None
    exported: Mapping[str, str] = {}
    artifacts: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    source_version: str = ""
