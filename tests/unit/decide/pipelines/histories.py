"""Random histories of random pipelines, recorded step by step, as invariants look at them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from penstock.decide.pipelines import decide
from penstock.documents.pipelines import (
    Action,
    Condition,
    Mode,
    OnFailure,
    Pipeline,
    Result,
    RetryMode,
    Stage,
)
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ActionEnded,
    Artifact,
    Begin,
    Cause,
    ConditionKind,
    ConditionStatus,
    Decision,
    EndedAction,
    Event,
    Failed,
    Gate,
    OverrideCondition,
    Redefine,
    Retry,
    RollBack,
    Run,
    RunStatus,
    SetGate,
    StageState,
    StartAction,
    StartRule,
    State,
    Stop,
    Stopping,
    Succeeded,
)

from .world import CAUSE, DAY, action, condition, pipeline, stage

GOING = (RunStatus.IN_PROGRESS, RunStatus.STOPPING)
DONE = Succeeded({"Built": Artifact("bucket", "key")}, {"KEY": "value"})


class Step(NamedTuple):
    """`decision` is None where the event was refused. `full` has all runs there ever were."""

    before: State
    event: Event
    now: float
    decision: Decision | None
    full: State


class History:
    """What happened, in steps; between them all runs are let go of that need not be loaded."""

    def __init__(self, declared: Sequence[Pipeline], seed: int, events: int) -> None:
        self.declared = declared
        self.random = random.Random(seed)
        stages = {stage.name: StageState() for stage in declared[0].stages}
        self.state = State(1, {1: declared[0]}, stages, {})
        self.now = 1000.0
        self.runs: dict[UUID, Run] = {}
        self.started: list[StartAction | StartRule] = []
        self.running: dict[UUID, StartAction | StartRule] = {}
        self.steps: list[Step] = []
        self.made = 0
        for _ in range(events):
            self.happen(self._event())

    def __repr__(self) -> str:
        events = "\n".join(f"  {step.now}: {step.event}" for step in self.steps)
        return f"History of {self.declared}:\n{events}"

    def happen(self, event: Event) -> None:
        self.now += 1
        full = self.state._replace(runs=dict(self.runs))
        before = self.state._replace(runs=self._loaded(event))
        try:
            decision = decide(before, event, self.now)
        except AwsError:
            self.steps.append(Step(before, event, self.now, None, full))
            return
        self.steps.append(Step(before, event, self.now, decision, full))
        self.runs.update(decision.state.runs)
        for effect in decision.effects:
            if isinstance(effect, StartAction | StartRule):
                self.started.append(effect)
                self.running[effect.id] = effect
            elif isinstance(effect, EndedAction):
                self.running.pop(effect.id, None)
        self.state = decision.state

    def _loaded(self, event: Event) -> dict[UUID, Run]:
        places = self.state.stages.values()
        needed = {place.latest for place in places} | {place.succeeded for place in places}
        needed.add(getattr(event, "run", None))
        return {
            run.id: run for run in self.runs.values() if run.status in GOING or run.id in needed
        }

    def drain(self) -> None:
        """Opens all gates, and lets all that runs succeed, until nothing runs."""
        for name in self.state.stages:
            self.happen(SetGate(name, Gate(False, changed=self.now)))
            self.happen(SetGate(name, Gate(True, changed=self.now)))
        while self.running:
            effect = next(iter(self.running.values()))
            self.happen(ActionEnded(effect.run, effect.id, DONE))

    def _event(self) -> Event:
        make = self.random.choice(_EVENTS)
        return (None if not self.runs else make(self)) or Begin(self._new(), CAUSE)

    def _new(self) -> UUID:
        self.made += 1
        return UUID(int=self.made)

    def _run(self) -> Run:
        return self.random.choice(list(self.runs.values())[-6:])

    def _stage(self) -> str:
        return self.random.choice(list(self.state.stages))

    def _stage_of(self, run: Run) -> str:
        """Where the run is, mostly."""
        definition = self.state.definitions.get(run.version)
        if definition is None or not self.random.randrange(8):
            return self._stage()
        return definition.stages[run.stage].name

    def begin(self) -> Event:
        return Begin(self._new(), CAUSE)

    def outcome(self, outcome: Succeeded | Failed = DONE) -> Event | None:
        if not self.running:
            return None
        effect = self.random.choice(list(self.running.values()))
        return ActionEnded(effect.run, effect.id, outcome)

    def failure(self) -> Event | None:
        code = self.random.choice(("JobFailed", "JobFailed", "ConfigurationError"))
        return self.outcome(Failed(code, "bad"))

    def late(self) -> Event | None:
        """Something that was started some time ends, again perhaps."""
        if not self.started:
            return None
        effect = self.random.choice(self.started)
        return ActionEnded(effect.run, effect.id, DONE)

    def stop(self) -> Event:
        return Stop(self._run().id, self.random.choice(list(Stopping)), "why")

    def retry(self) -> Event:
        run = self._run()
        failed = [run for run in self.runs.values() if run.status is RunStatus.FAILED]
        if failed and self.random.randrange(4):
            run = failed[-1]
        return Retry(run.id, self._stage_of(run), self.random.choice(list(RetryMode)))

    def roll_back(self) -> Event:
        name, target = self._stage(), self._run()
        succeeded = self.state.stages[name].succeeded
        if succeeded and self.random.randrange(4):
            target = self.runs[succeeded]
        return RollBack(self._new(), name, target, Cause("ManualRollback"))

    def override(self) -> Event:
        kind, run = self.random.choice(list(ConditionKind)), self._run()
        refused = [run for run in self.runs.values() if _unmet(run)]
        if refused and self.random.randrange(4):
            run = refused[-1]
            kind = _unmet(run)[0]
        return OverrideCondition(run.id, self._stage_of(run), kind)

    def gate(self) -> Event:
        enabled = self.random.random() < 0.7
        return SetGate(self._stage(), Gate(enabled, changed=self.now))

    def later(self) -> Event:
        """Much later, the gate of a stage is enabled."""
        self.now += 31 * DAY
        return SetGate(self._stage(), Gate(changed=self.now))

    def redefine(self) -> Event:
        return Redefine(self.state.version + 1, self.random.choice(self.declared))


def _unmet(run: Run) -> list[ConditionKind]:
    """The conditions that a run that failed did not meet, if it could be by them."""
    if run.status is not RunStatus.FAILED:
        return []
    checks = list(run.stages.values())[-1].conditions.items()
    return [kind for kind, check in checks if check.status is ConditionStatus.FAILED]


_EVENTS: tuple[Callable[[History], Event | None], ...] = (
    *[History.begin] * 8,
    *[History.outcome] * 30,
    *[History.failure] * 4,
    *[History.late] * 2,
    *[History.stop] * 2,
    *[History.retry] * 4,
    *[History.roll_back] * 2,
    *[History.override] * 2,
    *[History.gate] * 3,
    History.later,
    History.redefine,
)


@st.composite
def _conditions(draw: st.DrawFn, results: tuple[Result, ...]) -> Condition | None:
    if not draw(st.integers(0, 3)):
        rules = ("one", "two")[: draw(st.integers(1, 2))]
        return condition(draw(st.sampled_from(results)), *rules)
    return None


@st.composite
def _failures(draw: st.DrawFn) -> OnFailure | None:
    return draw(
        st.sampled_from(
            (
                None,
                None,
                OnFailure(Result.ROLLBACK),
                OnFailure(Result.RETRY),
                OnFailure(Result.RETRY, RetryMode.ALL_ACTIONS),
                OnFailure(condition=condition(Result.ROLLBACK)),
            )
        )
    )


# The namespace of the first action; one key it makes, one it does not, and the run's own id.
_TEXTS = ("plain", "#{First.KEY}", "#{codepipeline.PipelineExecutionId}", "#{First.NONE}")


@st.composite
def _actions(draw: st.DrawFn, number: int) -> Action:
    text = _TEXTS[draw(st.sampled_from((0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3)))]
    return action(f"a{number}", draw(st.integers(1, 3)), configuration={"Text": text})


@st.composite
def _stages(draw: st.DrawFn, number: int) -> Stage:
    name = draw(st.sampled_from((f"Stage{number}", f"Stage{number}", f"Other{number}")))
    actions = [draw(_actions(index)) for index in range(draw(st.integers(1, 3)))]
    entry = draw(_conditions((Result.FAIL, Result.SKIP)))
    success = draw(_conditions((Result.ROLLBACK, Result.FAIL)))
    return stage(name, *actions, entry=entry, success=success, failure=draw(_failures()))


@st.composite
def _pipelines(draw: st.DrawFn) -> Pipeline:
    source = stage("Source", action("source", namespace="First"))
    later = [draw(_stages(number)) for number in range(draw(st.integers(1, 3)))]
    return pipeline(source, *later, mode=draw(st.sampled_from(Mode)))


def histories(events: int = 60) -> st.SearchStrategy[History]:
    """A list of draws would be shorter than a history has to be to get anywhere."""
    declared = st.lists(_pipelines(), min_size=1, max_size=2)
    return st.builds(History, declared, st.integers(0, 2**32), st.just(events))
