"""How many decisions about a pipeline one core makes: `python -m bench.pipelines`.

A history of a pipeline of three stages is made first, of starts, outcomes, failures, retries,
stops, transitions and rollbacks as they may come; then every decision is made again and timed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from bench.rounds import Row, Table, markdown, medians

from penstock.decide.pipelines import decide
from penstock.documents.pipelines import (
    Action,
    Condition,
    Mode,
    Output,
    Pipeline,
    Result,
    Rule,
    Stage,
    Store,
    TypeId,
)
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ActionEnded,
    Artifact,
    Begin,
    Cause,
    Decision,
    Event,
    Failed,
    Gate,
    Retry,
    Revision,
    RollBack,
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

GOAL = 20_000  # decisions a second
DECISIONS = 4_000
ROUNDS = 5
START = 1_772_323_200.0

BUILD = TypeId("Build", "AWS", "CodeBuild")
OUTCOME = Succeeded(
    {"Built": Artifact("bucket", "web/Built/abc", "1")},
    {"VERSION": "1.2.3"},
    Revision("0123456789abcdef", "a commit"),
)
CHECK = Condition(Result.FAIL, (Rule("window", TypeId("Rule", "AWS", "DeploymentWindow")),))


def pipeline(mode: Mode) -> Pipeline:
    """Source; two builds and a test after them; an approval and a deployment behind a condition."""
    source = Action("Git", TypeId("Source", "AWS", "CodeCommit"), namespace="Source")
    builds = [
        Action(
            name,
            BUILD,
            order,
            {"ProjectName": name, "EnvironmentVariables": "#{Source.VERSION}"},
            ("Source",),
            (Output(name),),
            f"{name}Variables",
        )
        for name, order in (("Build", 1), ("Docs", 1), ("Test", 2))
    ]
    approval = Action("Approve", TypeId("Approval", "AWS", "Manual"))
    deploy = Action(
        "Deploy",
        TypeId("Deploy", "AWS", "S3"),
        2,
        {"BucketName": "site", "ObjectKey": "#{BuildVariables.VERSION}", "Extract": "true"},
    )
    stages = (
        Stage("Source", (source,)),
        Stage("Build", tuple(builds)),
        Stage("Deploy", (approval, deploy), before_entry=CHECK),
    )
    return Pipeline("web", "role", stages, {"": Store("bucket")}, mode, "V2")


class Decided(NamedTuple):
    """A decision of the history, to be made again."""

    state: State
    event: Event
    now: float


class _History:
    """Decides what comes of random events, and what it started; ended runs are let go of."""

    def __init__(self, mode: Mode, seed: int) -> None:
        declared = pipeline(mode)
        self.state = State(1, {1: declared}, {s.name: StageState() for s in declared.stages}, {})
        self.random = random.Random(seed)
        self.running: list[StartAction | StartRule] = []
        self.now = START
        self.decided: list[Decided] = []

    def make(self, count: int) -> list[Decided]:
        while len(self.decided) < count:
            self.now += 1
            event = self._event()
            try:
                decision = decide(self.state, event, self.now)
            except AwsError:
                continue
            self.decided.append(Decided(self.state, event, self.now))
            self._keep(decision)
        return self.decided

    def _keep(self, decision: Decision) -> None:
        self.running += [e for e in decision.effects if isinstance(e, StartAction | StartRule)]
        state = decision.state
        places = state.stages.values()
        needed = {place.latest for place in places} | {place.succeeded for place in places}
        going = (RunStatus.IN_PROGRESS, RunStatus.STOPPING)
        runs = {
            run.id: run for run in state.runs.values() if run.status in going or run.id in needed
        }
        self.running = [effect for effect in self.running if effect.run in runs]
        self.state = state._replace(runs=runs)

    def _event(self) -> Event:
        dice = self.random.random()
        if dice < 0.12 or (dice < 0.9 and not self.running):
            return Begin(UUID(int=self.random.getrandbits(128)), Cause("StartPipelineExecution"))
        if dice < 0.9:
            effect = self.running.pop(self.random.randrange(len(self.running)))
            failed = self.random.random() < 0.1
            return ActionEnded(
                effect.run, effect.id, Failed("JobFailed", "failed") if failed else OUTCOME
            )
        return self.random.choice(list(self._requests()))

    def _requests(self) -> Iterator[Event]:
        name = self.random.choice(("Build", "Deploy"))
        place = self.state.stages[name]
        yield SetGate(name, Gate(not place.gate.enabled, "", "", self.now))
        yield SetGate(name, Gate())
        run = place.latest
        if run is not None:
            yield Stop(run, Stopping.ABANDON)
            yield Retry(run, name, "FAILED_ACTIONS")
        if place.succeeded is not None:
            new, target = UUID(int=self.random.getrandbits(128)), self.state.runs[place.succeeded]
            yield RollBack(new, name, target, Cause("ManualRollback"))


def _rate(history: list[Decided]) -> float:
    """A second of the processor, whatever else it is busy with."""
    began = time.process_time()
    for state, event, now in history:
        decide(state, event, now)
    return len(history) / (time.process_time() - began)


def decided() -> list[Table]:
    """Decisions a second, in each mode, beside the goal."""
    histories = {mode: _History(mode, 7).make(DECISIONS) for mode in Mode}

    def all_of_them() -> float:
        return _rate([decided for history in histories.values() for decided in history])

    by_mode = {f"of these, {mode}": (lambda mode=mode: _rate(histories[mode])) for mode in Mode}
    rows = medians({"Penstock": all_of_them, **by_mode}, ROUNDS)
    rows.append(Row("the goal", GOAL))
    events = f"{DECISIONS * len(histories):,} decisions"
    title = f"Decisions about a pipeline of three stages, one core: {events}"
    return [Table(title, "a second", rows, bigger_is_better=True)]


if __name__ == "__main__":
    for table in decided():
        print(markdown(table))
