"""A batch's phases and history, in the API's own spelling (CB-104)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from penstock.state.builds import Status


class BatchPhaseType(StrEnum):
    SUBMITTED = "SUBMITTED"
    DOWNLOAD_BATCHSPEC = "DOWNLOAD_BATCHSPEC"
    IN_PROGRESS = "IN_PROGRESS"
    COMBINE_ARTIFACTS = "COMBINE_ARTIFACTS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


class BatchPhaseRecord(NamedTuple):
    """A phase that was entered. The last one is only entered: it has neither end nor status."""

    phase: BatchPhaseType
    started: float
    ended: float | None = None
    status: Status | None = None


class BatchProgress(NamedTuple):
    """How far a batch has come; tasks go by their identifiers, each is in one place at most.

    `stopping` are those of `running` that were told to stop. `ended` has how builds ended, and
    `dropped` the tasks that never start, each with the task it waited for in vain, or "" where the
    batch came to its end first. `stopped` says that someone stopped the whole batch.
    """

    running: frozenset[str] = frozenset()
    stopping: frozenset[str] = frozenset()
    ended: Mapping[str, Status] = {}
    dropped: Mapping[str, str] = {}
    stopped: bool = False

    def is_waiting(self, identifier: str) -> bool:
        places = (self.running, self.ended, self.dropped)
        return not any(identifier in place for place in places)
