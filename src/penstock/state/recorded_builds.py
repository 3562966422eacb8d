"""A build as it is recorded: who it is, which moves are legal, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from penstock.state.builds import PhaseRecord, Status


class Stage(StrEnum):
    """QUEUED: nobody has it. RUNNING: one claim has it. ENDED: it never changes again."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"


MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.QUEUED: frozenset((Stage.RUNNING, Stage.ENDED)),
    Stage.RUNNING: frozenset((Stage.ENDED,)),
    Stage.ENDED: frozenset(),
}
"""The legal moves. A build that has begun is never begun again: its commands may have had effects.
It is retried, if at all, as another build."""


class RunName(NamedTuple):
    """What the id of a build, or of a batch of builds, is made of (CB-104, CB-131)."""

    account: str
    region: str
    project: str
    uuid: UUID

    @property
    def id(self) -> str:
        return f"{self.project}:{self.uuid}"


class BuildName(RunName):
    __slots__ = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:codebuild:{self.region}:{self.account}:build/{self.id}"

    @property
    def topic(self) -> str:
        """Of the news of this build."""
        return f"build:{self.uuid}"


class Claim(NamedTuple):
    """The right to write what becomes of a build: it ends when the build does, however that is."""

    build: UUID
    token: UUID


class Place(NamedTuple):
    """An artifact as it was stored; `identifier` is empty for the primary one (CB-160…162)."""

    identifier: str
    location: str
    sha256sum: str = ""
    md5sum: str = ""


class Ending(NamedTuple):
    """How a build ended. `records` are its phases since QUEUED, `changes` members of Build."""

    status: Status
    records: tuple[PhaseRecord, ...] = ()
    exported: Mapping[str, str] = {}
    artifacts: tuple[Place, ...] = ()
    report_arns: tuple[str, ...] = ()
    changes: Mapping[str, Any] = {}
