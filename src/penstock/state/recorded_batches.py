"""A batch of builds as it is recorded: who it is, and what it knows of its builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from penstock.state.builds import Status
from penstock.state.recorded_builds import BuildName, RunName

DOWNLOAD_SOURCE = "DOWNLOAD_SOURCE"
"""The identifier of the first build, which fetches the source and tells its batch (CB-104)."""
IDENTIFIER = "CODEBUILD_BATCH_BUILD_IDENTIFIER"
"""The variable in which every build of a batch finds its own (CB-116)."""


class BatchName(RunName):
    __slots__ = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.account}:build-batch/{self.id}"

    @property
    def topic(self) -> str:
        """Of the news of this batch."""
        return f"batch:{self.uuid}"

    def build(self, uuid: UUID) -> BuildName:
        """One of its builds."""
        return BuildName(self.account, self.region, self.project, uuid)


class BatchBuild(NamedTuple):
    """A build of a batch as the batch knows it.

    `build` is None and `problem` says why where it could not be started. `superseded` are those
    that a retry of the batch does again. `outcome` has members of the API's Build after its end.
    """

    identifier: str
    build: UUID | None
    requested: float
    status: Status
    stopping: bool = False
    superseded: bool = False
    outcome: Mapping[str, Any] = {}
    problem: str = ""
