"""Which builds a batch has, which of them run now, and how it ends (CB-100…105).

`expand` makes the tasks. `next_moves` reads them and a progress and names all there is to do now;
whoever performs it tells `record` what happened, which returns the new progress; and so on until
the moves have an `end`. Moves with nothing in them mean: wait until something happens.

| a task waits, and | it is |
| --- | --- |
| someone stopped the batch | dropped |
| fast-fail is on and a task that is not ignored did not succeed | dropped |
| a task it depends on did not succeed and is not ignored, or was dropped | dropped |
| a task it depends on has not ended | left waiting |
| `jobs` builds are running | left waiting |
| none of these | started |

In the first two cases the running builds are stopped as well.

AWS leaves open whether a task starts after a failed dependency: here it does not, as it would
deploy what did not pass. It starts after one with `ignore-failure`.
"""

from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import NamedTuple

from penstock.documents.batch import Batch, BatchEnv, BatchTask, Fanout, Matrix
from penstock.documents.buildspec import Entry
from penstock.state.batches import BatchPhaseRecord, BatchPhaseType, BatchProgress
from penstock.state.builds import Status

MOST_BUILDS = 100  # the highest maximumBuildsAllowed that a project can have (CB-105)
# What tells a build of a fanout which part of the tests is its own. Names of ours: AWS has none.
SHARD = "PENSTOCK_SHARD"
SHARDS = "PENSTOCK_SHARDS"

_LONGEST_PART = 40
_STRANGE = re.compile(r"[^A-Za-z0-9_.]+")


class TooManyBuilds(Exception):
    """The batch has more builds than a batch may have. The text says how many."""


class Task(NamedTuple):
    """One build of a batch.

    `buildspec` None is the batch's own. `depends_on` names tasks of the same batch, not in a
    circle (the reader of buildspecs sees to both).
    """

    identifier: str
    buildspec: str | None = None
    env: BatchEnv = BatchEnv()
    ignore_failure: bool = False
    depends_on: tuple[str, ...] = ()


class Plan(NamedTuple):
    """A batch to run: at most `jobs` of its builds at once, in the order of its tasks."""

    tasks: tuple[Task, ...]
    jobs: int
    fast_fail: bool = False


class Moves(NamedTuple):
    """What to do now. `drop` pairs a task with the one it waited for, as in BatchProgress."""

    start: tuple[Task, ...] = ()
    stop: tuple[str, ...] = ()
    drop: tuple[tuple[str, str], ...] = ()
    end: Status | None = None


class Started(NamedTuple):
    """A task's build has started."""

    identifier: str


class Ended(NamedTuple):
    """A task's build has ended."""

    identifier: str
    status: Status


class StopSent(NamedTuple):
    """A task's build was told to stop; it ends soon."""

    identifier: str


class Dropped(NamedTuple):
    """A task will not start."""

    identifier: str
    because: str


class BatchStopped(NamedTuple):
    """Someone stopped the whole batch."""


Event = Started | Ended | StopSent | Dropped | BatchStopped


def expand(batch: Batch, most: int = MOST_BUILDS) -> tuple[Task, ...]:
    """The batch's builds, in the order of the file. Raises TooManyBuilds (CB-105)."""
    count = _count(batch)
    if count > most:
        raise TooManyBuilds(f"the batch has {count} builds; a batch may have {most}")
    if batch.matrix is not None:
        return _combinations(batch.matrix)
    if batch.fanout is not None:
        return _shards(batch.fanout)
    return tuple(_task(task) for task in (*batch.graph, *batch.list))


def _count(batch: Batch) -> int:
    if batch.matrix is not None:
        return prod(len(axis.values) for axis in _axes(batch.matrix))
    if batch.fanout is not None:
        return batch.fanout.parallelism
    return len(batch.graph) + len(batch.list)


def _task(task: BatchTask) -> Task:
    depends_on = tuple(dict.fromkeys(text.value for text in task.depend_on))
    return Task(task.identifier, task.buildspec, task.env, task.ignore_failure, depends_on)


def _shards(fanout: Fanout) -> tuple[Task, ...]:
    total = Entry(SHARDS, str(fanout.parallelism))
    return tuple(
        Task(
            f"shard_{number}",
            env=BatchEnv(variables=(Entry(SHARD, str(number)), total)),
            ignore_failure=fanout.ignore_failure,
        )
        for number in range(1, fanout.parallelism + 1)
    )


class _Axis(NamedTuple):
    """One of the lists that a matrix combines; `label` stands before a value in identifiers."""

    label: str
    values: tuple[str | None, ...]


def _axes(matrix: Matrix) -> tuple[_Axis, ...]:
    settings = (matrix.buildspecs, matrix.compute_types, matrix.images)
    return (
        *(_Axis("", values or (None,)) for values in settings),
        *(_Axis(f"{axis.name}_", axis.values) for axis in matrix.variables),
    )


def _combinations(matrix: Matrix) -> tuple[Task, ...]:
    """One task per combination; the list that the file has last varies fastest (CB-102)."""
    axes = _axes(matrix)
    identifiers: set[str] = set()
    return tuple(
        _combination(matrix, values, _unique(_identifier(axes, values), identifiers))
        for values in product(*(axis.values for axis in axes))
    )


def _combination(matrix: Matrix, values: tuple[str | None, ...], identifier: str) -> Task:
    buildspec, compute_type, image, *rest = values
    names = (axis.name for axis in matrix.variables)
    variables = tuple(Entry(name, value or "") for name, value in zip(names, rest, strict=True))
    env = matrix.static_env._replace(compute_type=compute_type, image=image, variables=variables)
    return Task(identifier, buildspec, env, matrix.ignore_failure)


def _identifier(axes: tuple[_Axis, ...], values: tuple[str | None, ...]) -> str:
    """AWS does not say how it calls the builds of a matrix: here after what tells them apart."""
    parts = (
        _STRANGE.sub("_", f"{axis.label}{value or ''}").strip("._")[:_LONGEST_PART]
        for axis, value in zip(axes, values, strict=True)
        if len(axis.values) > 1
    )
    return "-".join(part for part in parts if part) or "build"


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate)
    return candidate


def next_moves(plan: Plan, progress: BatchProgress) -> Moves:
    """All there is to do now."""
    waiting = [task for task in plan.tasks if progress.is_waiting(task.identifier)]
    failed = _failed(plan, progress)
    ending = progress.stopped or (plan.fast_fail and bool(failed))
    lost = {*failed, *progress.dropped}
    drop = {}
    for task in waiting:
        because = next((name for name in task.depends_on if name in lost), "" if ending else None)
        if because is not None:
            drop[task.identifier] = because
    ready = [
        task
        for task in waiting
        if task.identifier not in drop and all(name in progress.ended for name in task.depends_on)
    ]
    free = max(plan.jobs - len(progress.running), 0)
    stop = sorted(progress.running - progress.stopping) if ending else []
    end = None if waiting or progress.running else final_status(plan, progress)
    return Moves(tuple(ready[:free]), tuple(stop), tuple(drop.items()), end)


def _failed(plan: Plan, progress: BatchProgress) -> list[str]:
    return [
        task.identifier
        for task in plan.tasks
        if not task.ignore_failure
        and progress.ended.get(task.identifier, Status.SUCCEEDED) is not Status.SUCCEEDED
    ]


def final_status(plan: Plan, progress: BatchProgress) -> Status:
    """The batch's status: FAILED if a task failed that is not ignored (CB-105).

    FAULT, where Penstock itself lost one of these builds, tells whom to ask.
    """
    if progress.stopped:
        return Status.STOPPED
    failed = {progress.ended[name] for name in _failed(plan, progress)}
    if Status.FAULT in failed:
        return Status.FAULT
    return Status.FAILED if failed else Status.SUCCEEDED


def record(progress: BatchProgress, event: Event) -> BatchProgress:
    """The progress after the event."""
    running, stopping, ended, dropped, _ = progress
    match event:
        case Started(name):
            return progress._replace(running=running | {name})
        case StopSent(name):
            return progress._replace(stopping=stopping | {name})
        case Ended(name, status):
            return progress._replace(
                running=running - {name}, stopping=stopping - {name}, ended={**ended, name: status}
            )
        case Dropped(name, because):
            return progress._replace(dropped={**dropped, name: because})
        case BatchStopped():
            return progress._replace(stopped=True)


def phase_records(
    submitted: float, downloaded: float, ended: float, status: Status
) -> tuple[BatchPhaseRecord, ...]:
    """The phases of a batch whose builds began at `downloaded` and were over at `ended` (CB-104).

    AWS does not say whether artifacts of a batch that failed are combined: here they are not.
    """
    phase = BatchPhaseType
    well = status is Status.SUCCEEDED
    last = {Status.SUCCEEDED: phase.SUCCEEDED, Status.STOPPED: phase.STOPPED}
    combining = (BatchPhaseRecord(phase.COMBINE_ARTIFACTS, ended, ended, Status.SUCCEEDED),)
    return (
        BatchPhaseRecord(phase.SUBMITTED, submitted, submitted, Status.SUCCEEDED),
        BatchPhaseRecord(phase.DOWNLOAD_BATCHSPEC, submitted, downloaded, Status.SUCCEEDED),
        BatchPhaseRecord(phase.IN_PROGRESS, downloaded, ended, status),
        *(combining if well else ()),
        BatchPhaseRecord(last.get(status, phase.FAILED), ended),
    )
