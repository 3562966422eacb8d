"""What holds in every history of a stack, whatever fails and is asked for in whichever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.decide.stacks.engine.deleting import GONE
from penstock.decide.stacks.engine.forward import MADE
from penstock.decide.stacks.engine.moves import CLEANUPS, FINAL, MOVES, UNDER_WAY
from penstock.errors import AwsError
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    CancelUpdate,
    ContinueRollback,
    Decision,
    Doing,
    Event,
    RollBack,
    State,
    TaskEnded,
    TaskInitiated,
    TimeOver,
    Told,
)
from penstock.state.stacks import (
    NotMade,
    ResourceState,
    ResourceStatus,
    StackStatus,
    TaskAction,
    Wanted,
)

from .engine_world import Stack, begun, wanted

often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
PATIENCE = 400  # steps; a history that has more goes round in circles
POLICIES = ("Delete", "Delete", "Delete", "Retain", "RetainExceptOnCreate")


class History(Stack):
    """A stack to which a seed happens. `lost` is what a cleanup could not delete, `kept` what was
    retained; both are nobody's any more."""

    def __init__(self, chance: Random, *, retaining: bool = True) -> None:
        super().__init__()
        self.chance = chance
        self.retaining = retaining
        self.lost: set[str] = set()
        self.kept: set[str] = set()
        self.dangerous = chance.choice((0.0, 0.05, 0.3))

    def template(self, before: Mapping[str, Wanted] | None = None) -> dict[str, Wanted]:
        """Some resources that depend on earlier ones, changed from those before."""
        chance, made = self.chance, dict[str, Wanted]()
        names = [f"R{number}" for number in range(chance.randint(1, 6))]
        for name in names:
            same = before.get(name) if before and chance.random() < 0.4 else None
            if same and all(one in made for one in same.depends_on):
                made[name] = same
                continue
            if chance.random() < 0.2:
                continue
            policy = chance.choice(POLICIES) if self.retaining else "Delete"
            made[name] = wanted(
                *(one for one in made if chance.random() < 0.4),
                P=chance.randint(1, 3),
                Fixed=chance.randint(1, 2),
                deletion_policy=policy,
                update_replace_policy="Retain" if policy == "Retain" else "Delete",
                metadata={"m": chance.randint(1, 2)},
            )
        items = list(made.items())
        chance.shuffle(items)
        return dict(items)

    def run(self, *, interrupt: bool = True) -> None:
        """Until nothing is under way."""
        for _ in range(PATIENCE):
            if not self.state.tasks:
                return
            if interrupt and self.chance.random() < self.dangerous / 4:
                self.interrupt()
            if self.state.tasks:
                self.step(self.chance.choice(list(self.state.tasks.values())))
        raise AssertionError("it does not come to an end")

    def interrupt(self) -> None:
        event = self.chance.choice((CancelUpdate(), TimeOver(), None))
        if event is not None:
            try:
                self.happen(event)
            except AwsError:
                assert self.status != StackStatus.UPDATE_IN_PROGRESS
        elif self.status in (StackStatus.CREATE_IN_PROGRESS, StackStatus.ROLLBACK_IN_PROGRESS):
            self.delete()

    def step(self, doing: Doing) -> None:
        task = doing.task
        lot = self.chance.random()
        if lot < self.dangerous:
            half = task.action is TaskAction.CREATE and not doing.initiated
            self._fail(doing, half=half and self.chance.random() < 0.5)
        elif lot < self.dangerous + 0.1 and not doing.initiated:
            self._initiate(doing)
        else:
            forward = self.status in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS")
            anew = task.action is TaskAction.UPDATE and forward and self.chance.random() < 0.2
            self.do(task, anew=anew)

    def _fail(self, doing: Doing, *, half: bool) -> None:
        physical_id, task = "", doing.task
        if half:
            physical_id = self.new_id(task.logical_id)
            self.world[physical_id] = task.properties
        if task.action is TaskAction.UPDATE and self.chance.random() < 0.5:
            self.world[task.physical_id] = {"half": "updated"}
        if task.action is TaskAction.DELETE and self.status in CLEANUPS:
            self.lost.add(task.physical_id)
        self.happen(TaskEnded(task.id, NotMade("no", physical_id)))

    def _initiate(self, doing: Doing) -> None:
        task, physical_id = doing.task, ""
        if task.action is TaskAction.CREATE:
            physical_id = self.new_id(task.logical_id)
            self.world[physical_id] = task.properties
        self.happen(TaskInitiated(task.id, physical_id))

    def happen(self, event: Event) -> Any:
        effects = super().happen(event)
        for effect in effects:
            if isinstance(effect, Told) and effect.status == ResourceStatus.DELETE_SKIPPED:
                self.kept.add(effect.physical_id)
        return effects

    def live(self, operations: int) -> None:
        """Creates, and then whatever is possible, so many times."""
        chance = self.chance
        self.create(chance.choice(list(OnFailure)), **self.template())
        self.run()
        for _ in range(operations):
            self.next_operation()
            self.run()

    def next_operation(self) -> None:
        chance, status = self.chance, self.status
        if status == StackStatus.UPDATE_ROLLBACK_FAILED:
            open_ = [
                name
                for name, before in self.state.earlier.items()
                if before and self.state.operation and name not in self.state.operation.done
            ]
            skip = frozenset(name for name in open_ if chance.random() < 0.3)
            self.happen(ContinueRollback(self.id(), skip))
        elif status in ("CREATE_FAILED", "UPDATE_FAILED") and chance.random() < 0.3:
            self.happen(RollBack(self.id()))
        elif (status, "update") in MOVES and chance.random() < 0.8:
            failure = chance.choice((OnFailure.ROLLBACK, OnFailure.ROLLBACK, OnFailure.DO_NOTHING))
            self.update(failure, **self.template(self.state.definition.resources))
        elif status != StackStatus.DELETE_COMPLETE:
            self.delete()


histories = given(st.randoms(use_true_random=False), st.integers(0, 6))


@often
@histories
def test_every_operation_ends_in_a_final_status(chance: Random, operations: int) -> None:
    """TG-105"""
    history = History(chance)
    history.live(operations)
    assert history.status in FINAL
    assert not history.state.tasks
    for before, event, decision in history.decisions:
        assert decision.state.status == before.status or _is_told(decision), event
    assert not any(one.status.endswith("IN_PROGRESS") for one in history.state.resources.values())


def _is_told(decision: Decision) -> bool:
    stack = [one for one in decision.effects if isinstance(one, Told) and not one.logical_id]
    return stack[-1].status == decision.state.status


@often
@histories
def test_each_task_is_begun_once_and_ends_once(chance: Random, operations: int) -> None:
    history = History(chance)
    history.live(operations)
    started = Counter(
        task for _, _, decision in history.decisions for task in begun(decision.effects)
    )
    assert set(started.values()) <= {1}
    for before, event, decision in history.decisions:
        for task in begun(decision.effects):
            assert task not in before.tasks
        if isinstance(event, TaskEnded):
            assert event.task in before.tasks
            assert event.task not in decision.state.tasks


@often
@histories
def test_a_resource_is_begun_after_what_it_depends_on(chance: Random, operations: int) -> None:
    """TG-117: nothing is made of what is not there yet, or is being changed."""
    history = History(chance)
    history.live(operations)
    for _, _, decision in history.decisions:
        state = decision.state
        if state.status not in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            continue
        for task in begun(decision.effects):
            made = state.tasks[task].task
            if made.action is TaskAction.DELETE:
                continue
            for on in state.definition.resources[made.logical_id].depends_on:
                assert state.resources[on].status in MADE
                assert not any(one.task.logical_id == on for one in state.tasks.values())
            refs = state.definition.resources[made.logical_id].properties["Refs"]
            assert made.properties["Refs"] == [
                state.resources[one["Ref"]].physical_id for one in refs
            ]


@often
@histories
def test_a_resource_is_deleted_after_all_that_depend_on_it(chance: Random, operations: int) -> None:
    """TG-107"""
    history = History(chance)
    history.live(operations)
    for _, _, decision in history.decisions:
        state = decision.state
        for task in begun(decision.effects):
            doing = state.tasks[task]
            if doing.task.action is TaskAction.DELETE and state.status != "UPDATE_IN_PROGRESS":
                for other in _there(state):
                    if other.logical_id != doing.task.logical_id:
                        assert doing.task.logical_id not in other.depends_on


def _there(state: State) -> list[ResourceState]:
    """What is still to go, but for what a cleanup has given up."""
    found = list(state.leaving.values())
    if state.status in CLEANUPS:
        return [one for one in found if one.status != ResourceStatus.DELETE_FAILED]
    return [*found, *(one for one in state.resources.values() if one.status not in GONE)]


@often
@histories
def test_there_is_exactly_what_the_stack_says(chance: Random, operations: int) -> None:
    history = History(chance)
    history.live(operations)
    nobodys = history.lost | history.kept
    assert set(history.world) - nobodys == history.said() - nobodys
    assert history.kept <= set(history.world)
    for resource in history.state.resources.values():
        if resource.status in MADE and history.status in (
            StackStatus.CREATE_COMPLETE,
            StackStatus.UPDATE_COMPLETE,
        ):
            assert history.world[resource.physical_id] == resource.properties


@often
@histories
def test_what_a_complete_stack_is_is_what_was_asked_for(chance: Random, operations: int) -> None:
    history = History(chance)
    history.live(operations)
    if history.status in (StackStatus.CREATE_COMPLETE, StackStatus.UPDATE_COMPLETE):
        state = history.state
        assert set(state.resources) == set(state.definition.resources)
        assert not state.earlier
        assert not state.leaving
        for name, asked in state.definition.resources.items():
            made = state.resources[name]
            assert made.properties["P"] == asked.properties["P"]
            assert made.metadata == asked.metadata
            assert made.depends_on == asked.depends_on
            assert made.properties["Refs"] == [
                state.resources[one["Ref"]].physical_id for one in asked.properties["Refs"]
            ]


@often
@histories
def test_nothing_retained_is_deleted(chance: Random, operations: int) -> None:
    """TG-118"""
    history = History(chance)
    history.live(operations)
    for _, _, decision in history.decisions:
        for task in begun(decision.effects):
            doing = decision.state.tasks[task]
            if doing.task.action is TaskAction.DELETE:
                place = decision.state.leaving if doing.leaving else decision.state.resources
                going = place[doing.leaving or doing.task.logical_id]
                half = decision.state.status == "UPDATE_IN_PROGRESS"
                assert going.deletion_policy != "Retain" or half


@often
@given(st.randoms(use_true_random=False))
def test_nothing_is_left_of_a_create_that_is_rolled_back(chance: Random) -> None:
    history = History(chance, retaining=False)
    history.create(chance.choice((OnFailure.ROLLBACK, OnFailure.DELETE)), **history.template())
    history.run()
    if history.status in (StackStatus.ROLLBACK_COMPLETE, StackStatus.DELETE_COMPLETE):
        assert not history.world
        assert {one.status for one in history.state.resources.values()} <= set(GONE)
    else:
        assert history.status in ("CREATE_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")


@often
@given(st.randoms(use_true_random=False))
def test_after_an_update_that_is_rolled_back_all_is_as_it_was(chance: Random) -> None:
    history = History(chance, retaining=False)
    dangerous, history.dangerous = history.dangerous, 0.0
    history.create(OnFailure.ROLLBACK, **history.template())
    history.run()
    world, resources, outputs = dict(history.world), history.state.resources, history.state.outputs
    history.dangerous = max(dangerous, 0.05)
    history.update(OnFailure.ROLLBACK, **history.template(history.state.definition.resources))
    history.run()
    while history.status == StackStatus.UPDATE_ROLLBACK_FAILED:
        history.happen(ContinueRollback(history.id()))
        history.run()
    if history.status == StackStatus.UPDATE_ROLLBACK_COMPLETE:
        assert {key: one for key, one in history.world.items() if key not in history.lost} == world
        assert _shown(history.state.resources) == _shown(resources)
        assert history.state.outputs == outputs
        assert not history.state.earlier
        assert not history.state.leaving


def _shown(resources: Mapping[str, ResourceState]) -> dict[str, ResourceState]:
    """All but how they came to be so."""
    status = ResourceStatus.UPDATE_COMPLETE
    return {name: one._replace(status=status) for name, one in resources.items()}


def test_statuses_end_that_are_under_way_and_no_others_end_by_themselves() -> None:
    """TG-105"""
    assert FINAL | UNDER_WAY | {StackStatus.REVIEW_IN_PROGRESS} == set(StackStatus)
    assert all(str(status).endswith("IN_PROGRESS") for status in UNDER_WAY)
    assert not any(status.endswith("IN_PROGRESS") for status in FINAL)
