"""A build's phases, statuses and records, in the API's own spelling (CB-035, CB-041, CB-068)."""

from enum import StrEnum
from typing import NamedTuple


class PhaseType(StrEnum):
    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    PROVISIONING = "PROVISIONING"
    DOWNLOAD_SOURCE = "DOWNLOAD_SOURCE"
    INSTALL = "INSTALL"
    PRE_BUILD = "PRE_BUILD"
    BUILD = "BUILD"
    POST_BUILD = "POST_BUILD"
    UPLOAD_ARTIFACTS = "UPLOAD_ARTIFACTS"
    FINALIZING = "FINALIZING"
    COMPLETED = "COMPLETED"


class Status(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"
    TIMED_OUT = "TIMED_OUT"
    IN_PROGRESS = "IN_PROGRESS"
    STOPPED = "STOPPED"


class PhaseContext(NamedTuple):
    """Why a phase ended as it did; both parts are empty after success."""

    code: str = ""
    message: str = ""


class PhaseRecord(NamedTuple):
    """A phase that was entered; `ended` is None while it runs. Times: seconds since 1970."""

    phase: PhaseType
    started: float
    ended: float | None = None
    status: Status = Status.IN_PROGRESS
    context: PhaseContext = PhaseContext()


class Block(StrEnum):
    """The two lists of commands of a phase."""

    COMMANDS = "commands"
    FINALLY = "finally"


class Progress(NamedTuple):
    """How far a build has come: its history, and its place within the phase it is in.

    `done` counts the commands of `block` that are behind it; `context` is the first failure of
    this attempt at the phase; `attempt` counts from 0.
    """

    records: tuple[PhaseRecord, ...] = ()
    block: Block = Block.COMMANDS
    done: int = 0
    attempt: int = 0
    context: PhaseContext = PhaseContext()

    @property
    def running(self) -> PhaseRecord | None:
        """The phase that was entered and not yet left."""
        if self.records and self.records[-1].ended is None:
            return self.records[-1]
        return None

    @property
    def succeeding(self) -> bool:
        """CODEBUILD_BUILD_SUCCEEDING: no phase has failed, the running one included (CB-040)."""
        failed = any(
            record.status not in (Status.SUCCEEDED, Status.IN_PROGRESS) for record in self.records
        )
        return not failed and not self.context.code
