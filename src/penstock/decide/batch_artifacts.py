"""One artifact of all builds of a batch (CB-106). Pure.

Each build keeps its primary artifact as a ZIP in a folder of its own; what has come of them is put
together where the project says, once all builds have ended. Of files of one name that of the later
task stays (AWS: unspecified). Secondary artifacts are never combined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from penstock.decide.artifact_places import split_location
from penstock.decide.batch_plans import current
from penstock.state.recorded_batches import BatchBuild, BatchName

Document = dict[str, Any]
Member = Mapping[str, Any]


class Part(NamedTuple):
    """The ZIP of one build."""

    identifier: str
    bucket: str
    key: str


class Combining(NamedTuple):
    """What is to be put together: `artifacts` are the project's settings. `attempt` tells one time
    that the batch came so far from another, as it may be retried."""

    name: BatchName
    artifacts: Member
    parts: tuple[Part, ...]
    attempt: int


def parts_of(plan: Member, builds: Iterable[BatchBuild]) -> tuple[Part, ...]:
    """In the order of the tasks. A build without `artifacts` in its buildspec has none."""
    made = {build.identifier: build.outcome.get("artifacts", {}) for build in current(builds)}
    return tuple(
        Part(identifier, *split_location(made[identifier]["location"]))
        for identifier in (task["identifier"] for task in plan["tasks"])
        if made.get(identifier, {}).get("sha256sum")
    )
