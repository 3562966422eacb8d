from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.batches import (
    BatchStopped,
    Dropped,
    Ended,
    Plan,
    Started,
    StopSent,
    Task,
    TooManyBuilds,
    expand,
    final_status,
    next_moves,
    phase_records,
    record,
)
from penstock.documents.batch import Batch, BatchEnv, BatchTask, Fanout, Matrix, MatrixAxis
from penstock.documents.buildspec import Entry, Text
from penstock.state.batches import BatchPhaseType, BatchProgress
from penstock.state.builds import Status

OK, BAD = Status.SUCCEEDED, Status.FAILED
RED = (BAD, Status.FAULT, Status.TIMED_OUT, Status.STOPPED)


def moves(
    tasks: list[Task], *events: object, jobs: int = 9, fast_fail: bool = False
) -> tuple[list[str], list[str], dict[str, str], Status | None]:
    """What to start, stop, drop and how it ends, after the events."""
    progress = BatchProgress()
    for event in events:
        progress = record(progress, event)  # type: ignore[arg-type]
    start, stop, drop, end = next_moves(Plan(tuple(tasks), jobs, fast_fail), progress)
    return [task.identifier for task in start], list(stop), dict(drop), end


A, B = Task("a"), Task("b")
AFTER_A = Task("after", depends_on=("a",))
IGNORED = Task("a", ignore_failure=True)
BOTH_RUN = (Started("a"), Started("b"))


@pytest.mark.parametrize(
    ("tasks", "events", "options", "expected"),
    [
        ([A, B], (), {}, (["a", "b"], [], {}, None)),
        ([A, B], (), {"jobs": 1}, (["a"], [], {}, None)),
        ([A, B], (Started("a"),), {"jobs": 1}, ([], [], {}, None)),
        ([AFTER_A, A], (), {}, (["a"], [], {}, None)),
        ([A, AFTER_A], (Started("a"), Ended("a", OK)), {}, (["after"], [], {}, None)),
        ([A, AFTER_A], (Started("a"), Ended("a", BAD)), {}, ([], [], {"after": "a"}, None)),
        ([IGNORED, AFTER_A], (Started("a"), Ended("a", BAD)), {}, (["after"], [], {}, None)),
        ([A, B], (*BOTH_RUN, Ended("a", BAD)), {}, ([], [], {}, None)),
        ([A, B], (*BOTH_RUN, Ended("a", BAD)), {"fast_fail": True}, ([], ["b"], {}, None)),
        ([A, B], (Started("a"), Ended("a", BAD)), {}, (["b"], [], {}, None)),
        (
            [A, B],
            (Started("a"), Ended("a", BAD)),
            {"fast_fail": True},
            ([], [], {"b": ""}, None),
        ),
        ([IGNORED, B], (*BOTH_RUN, Ended("a", BAD)), {"fast_fail": True}, ([], [], {}, None)),
        ([A, B], (Started("a"), BatchStopped()), {}, ([], ["a"], {"b": ""}, None)),
        ([A], (Started("a"), BatchStopped(), StopSent("a")), {}, ([], [], {}, None)),
        ([A], (Started("a"), BatchStopped(), Ended("a", Status.STOPPED)), {}, None),
    ],
)
def test_each_line_of_the_table_of_moves(
    tasks: list[Task],
    events: tuple[object, ...],
    options: dict[str, int],
    expected: tuple[list[str], list[str], dict[str, str], Status | None] | None,
) -> None:
    """CB-100, CB-101"""
    stopped: tuple[list[str], list[str], dict[str, str], Status | None] = (
        [],
        [],
        {},
        Status.STOPPED,
    )
    jobs, fast_fail = options.get("jobs", 9), bool(options.get("fast_fail"))
    assert moves(tasks, *events, jobs=jobs, fast_fail=fast_fail) == (expected or stopped)


@pytest.mark.parametrize(
    ("statuses", "ignored", "expected"),
    [
        ((OK, OK), False, OK),
        ((OK, BAD), False, BAD),
        ((OK, BAD), True, OK),
        ((BAD, Status.FAULT), False, Status.FAULT),
        ((OK, Status.TIMED_OUT), False, BAD),
        ((OK, Status.STOPPED), False, BAD),
        ((OK, Status.FAULT), True, OK),
    ],
)
def test_a_batch_fails_if_a_task_fails_that_is_not_ignored(
    statuses: tuple[Status, Status], ignored: bool, expected: Status
) -> None:
    """CB-105"""
    tasks = (A, Task("b", ignore_failure=ignored))
    ended = dict(zip("ab", statuses, strict=True))
    assert final_status(Plan(tasks, 1), BatchProgress(ended=ended)) is expected


# Histories: builds end in any order and in any way, and now and then someone stops the batch.


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 8))
    order = draw(st.permutations(range(count)))
    tasks = tuple(
        Task(
            f"t{number}",
            ignore_failure=draw(st.booleans()),
            depends_on=tuple(f"t{n}" for n in order[:place] if draw(st.booleans())),
        )
        for place, number in enumerate(order)
    )
    shuffled = draw(st.permutations(tasks))
    return Plan(tuple(shuffled), draw(st.integers(1, 4)), draw(st.booleans()))


def history(plan: Plan, seed: int, may_stop: bool) -> Iterator[tuple[str, str, BatchProgress]]:
    """Performs a batch with dice for builds; yields every event and the progress after it."""
    dice = random.Random(seed)
    progress = BatchProgress()
    while True:
        now = next_moves(plan, progress)
        if now.end is not None:
            yield ("end", str(now.end), progress)
            return
        for name, because in now.drop:
            progress = record(progress, Dropped(name, because))
            yield ("drop", name, progress)
        for name in now.stop:
            progress = record(progress, StopSent(name))
            yield ("stop", name, progress)
        for task in now.start:
            progress = record(progress, Started(task.identifier))
            yield ("start", task.identifier, progress)
        if now.drop or now.start or now.stop:
            continue
        if may_stop and not progress.stopped and dice.random() < 0.1:
            progress = record(progress, BatchStopped())
            yield ("stopped", "", progress)
            continue
        name = dice.choice(sorted(progress.running))  # IndexError: it waits for nothing at all
        status = dice.choice((OK, *RED))
        progress = record(progress, Ended(name, status))
        yield ("ended", name, progress)


HISTORIES = given(plans(), st.integers(0, 2**32), st.booleans())


@HISTORIES
def test_a_batch_always_ends_with_every_task_in_exactly_one_final_state(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-101"""
    *events, (kind, _, last) = history(plan, seed, may_stop)
    names = sorted(task.identifier for task in plan.tasks)
    finals = [name for kind, name, _ in events if kind in ("ended", "drop")]
    assert kind == "end"
    assert sorted(finals) == names
    assert sorted([*last.ended, *last.dropped]) == names
    assert not last.running


@HISTORIES
def test_never_more_builds_run_at_once_than_jobs_allow(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-101"""
    assert all(len(now.running) <= plan.jobs for *_, now in history(plan, seed, may_stop))


@HISTORIES
def test_nothing_starts_before_its_dependencies_ended_well_or_ignored(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-101"""
    tasks = {task.identifier: task for task in plan.tasks}
    for kind, name, now in history(plan, seed, may_stop):
        if kind == "start":
            for other in tasks[name].depends_on:
                assert now.ended[other] is OK or tasks[other].ignore_failure


@HISTORIES
def test_a_task_is_dropped_only_for_a_lost_dependency_or_the_end_of_the_batch(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-101"""
    tasks = {task.identifier: task for task in plan.tasks}
    for kind, name, now in history(plan, seed, may_stop):
        if kind != "drop":
            continue
        failed = {other for other, status in now.ended.items() if status is not OK}
        failed = {other for other in failed if not tasks[other].ignore_failure}
        because = now.dropped[name]
        if because:
            assert because in tasks[name].depends_on
            assert because in failed or because in now.dropped
        else:
            assert now.stopped or (plan.fast_fail and failed)


@HISTORIES
def test_builds_are_stopped_once_and_only_by_fast_fail_or_someone(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-100"""
    stops = []
    for kind, name, now in history(plan, seed, may_stop):
        if kind == "stop":
            stops.append(name)
            assert now.stopped or plan.fast_fail
    assert len(stops) == len(set(stops))


@HISTORIES
def test_nothing_starts_after_a_failure_with_fast_fail_or_after_a_stop(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-100"""
    ignored = {task.identifier for task in plan.tasks if task.ignore_failure}
    for kind, _, now in history(plan, seed, may_stop):
        if kind == "start":
            assert not now.stopped
            if plan.fast_fail:
                assert all(s is OK for name, s in now.ended.items() if name not in ignored)


@HISTORIES
def test_a_batch_succeeds_exactly_if_all_that_is_not_ignored_did(
    plan: Plan, seed: int, may_stop: bool
) -> None:
    """CB-105"""
    *_, (_, status, last) = history(plan, seed, may_stop)
    ignored = {task.identifier for task in plan.tasks if task.ignore_failure}
    well = all(s is OK for name, s in last.ended.items() if name not in ignored)
    assert (status == OK) is (well and not last.stopped)
    assert (status == Status.STOPPED) is last.stopped


# Tasks


def test_tasks_of_a_graph_or_list_keep_their_order_and_settings() -> None:
    """CB-101"""
    env = BatchEnv(variables=(Entry("K", "v"),))
    one = BatchTask("one", "one.yml", env, ignore_failure=True)
    two = BatchTask("two", depend_on=(Text("one"), Text("one")))
    tasks = expand(Batch(graph=(one, two)))
    assert tasks == (Task("one", "one.yml", env, True), Task("two", depends_on=("one",)))
    assert expand(Batch(list=(one,))) == tasks[:1]


def test_a_matrix_has_one_build_per_combination() -> None:
    """CB-102: 2 x 3 = 6; the names tell the builds apart."""
    matrix = Matrix(
        ignore_failure=True,
        static_env=BatchEnv(type="LINUX_CONTAINER"),
        buildspecs=("ci/a.yml", "b.yml"),
        variables=(MatrixAxis("ONE", ("1",)), MatrixAxis("PY", ("3.11", "3.12", "3.13"))),
    )
    tasks = expand(Batch(matrix=matrix))
    assert [task.identifier for task in tasks[:4]] == [
        "ci_a.yml-PY_3.11",
        "ci_a.yml-PY_3.12",
        "ci_a.yml-PY_3.13",
        "b.yml-PY_3.11",
    ]
    assert len(tasks) == 6
    assert tasks[0].env.variables == (Entry("ONE", "1"), Entry("PY", "3.11"))
    assert (tasks[0].buildspec, tasks[0].env.type) == ("ci/a.yml", "LINUX_CONTAINER")
    assert all(task.ignore_failure for task in tasks)


def test_a_matrix_of_one_has_one_build() -> None:
    """CB-102"""
    assert [task.identifier for task in expand(Batch(matrix=Matrix()))] == ["build"]


axes = st.lists(st.lists(st.text(max_size=4), min_size=1, max_size=3), max_size=3)


@given(axes, st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_a_matrix_has_every_combination_once_each_under_its_own_safe_name(
    values: list[list[str]], images: list[str]
) -> None:
    """CB-102"""
    variables = tuple(MatrixAxis(f"V{n}", tuple(axis)) for n, axis in enumerate(values))
    tasks = expand(Batch(matrix=Matrix(images=tuple(images), variables=variables)), 10_000)
    count = max(len(images), 1)
    for axis in values:
        count *= len(axis)
    assert len(tasks) == count
    names = {task.identifier for task in tasks}
    assert len(names) == count
    assert all(name.isprintable() and "/" not in name and name[0] not in "._" for name in names)


def test_the_builds_of_a_fanout_know_which_share_is_theirs() -> None:
    """CB-103"""
    tasks = expand(Batch(fanout=Fanout(3, ignore_failure=True)))
    assert [task.identifier for task in tasks] == ["shard_1", "shard_2", "shard_3"]
    values = {entry.name: entry.value for entry in tasks[1].env.variables}
    assert values == {"PENSTOCK_SHARD": "2", "PENSTOCK_SHARDS": "3"}
    assert tasks[1].ignore_failure


@pytest.mark.parametrize(
    "batch",
    [
        Batch(fanout=Fanout(999_999)),
        Batch(list=tuple(BatchTask(f"t{n}") for n in range(101))),
        Batch(matrix=Matrix(variables=(MatrixAxis("V", tuple(map(str, range(99)))),) * 9)),
    ],
)
def test_a_batch_of_too_many_builds_is_refused_before_they_are_made(batch: Batch) -> None:
    """CB-105"""
    with pytest.raises(TooManyBuilds, match="a batch may have 100"):
        expand(batch)


# Phases


@pytest.mark.parametrize(
    ("status", "after_submission"),
    [
        (OK, ["DOWNLOAD_BATCHSPEC", "IN_PROGRESS", "COMBINE_ARTIFACTS", "SUCCEEDED"]),
        (BAD, ["DOWNLOAD_BATCHSPEC", "IN_PROGRESS", "FAILED"]),
        (Status.FAULT, ["DOWNLOAD_BATCHSPEC", "IN_PROGRESS", "FAILED"]),
        (Status.STOPPED, ["DOWNLOAD_BATCHSPEC", "IN_PROGRESS", "STOPPED"]),
    ],
)
def test_the_phases_of_a_batch_end_in_one_named_after_its_status(
    status: Status, after_submission: list[str]
) -> None:
    """CB-104"""
    records = phase_records(1.0, 2.0, 3.0, status)
    assert [r.phase for r in records] == [BatchPhaseType("SUBMITTED"), *after_submission]
    assert records[2][1:] == (2.0, 3.0, status)
    assert records[-1][1:] == (3.0, None, None)
