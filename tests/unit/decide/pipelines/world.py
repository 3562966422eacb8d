"""A pipeline without the world around it: plays back what was started, and remembers all of it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from penstock.decide.pipelines import decide
from penstock.documents.pipelines import (
    Action,
    Condition,
    Mode,
    OnFailure,
    Pipeline,
    Result,
    Rule,
    Stage,
    Store,
    TypeId,
    VariableDeclaration,
)
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ActionEnded,
    ActionRun,
    Begin,
    Cause,
    ConditionKind,
    ConditionStatus,
    Effect,
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
    StageRun,
    StageState,
    StageStatus,
    StartAction,
    StartRule,
    State,
    Stop,
    Stopping,
    Succeeded,
    Told,
)

OK = Succeeded()
BAD = Failed("JobFailed", "it failed")
DAY = 24 * 3600.0
CAUSE = Cause("StartPipelineExecution", "arn:aws:iam::1:user/me")


def action(
    name: str, order: int = 1, namespace: str = "", configuration: Mapping[str, str] | None = None
) -> Action:
    kind = TypeId("Build", "AWS", "CodeBuild")
    return Action(name, kind, order, configuration or {}, namespace=namespace)


def stage(
    name: str,
    *actions: str | Action,
    entry: Condition | None = None,
    success: Condition | None = None,
    failure: OnFailure | None = None,
) -> Stage:
    """Actions are as given, or named and then of run order 1."""
    made = tuple(action(item) if isinstance(item, str) else item for item in actions)
    return Stage(name, made or (action(name.lower()),), entry, success, failure)


def condition(result: Result, *rules: str) -> Condition:
    kind = TypeId("Rule", "AWS", "VariableCheck")
    return Condition(result, tuple(Rule(name, kind) for name in rules or ("rule",)))


def pipeline(
    *stages: Stage,
    mode: Mode = Mode.SUPERSEDED,
    variables: tuple[VariableDeclaration, ...] = (),
) -> Pipeline:
    stages = stages or (stage("Source"), stage("Build"), stage("Deploy"))
    return Pipeline("web", "role", stages, {"": Store("bucket")}, mode, "V2", variables)


class World:
    """One pipeline. Runs are called by number; `effects` are all there were."""

    def __init__(self, declared: Pipeline | None = None) -> None:
        declared = declared or pipeline()
        stages = {stage.name: StageState() for stage in declared.stages}
        self.state = State(1, {1: declared}, stages, {})
        self.now = 1000.0
        self.effects: list[Effect] = []
        self.running: dict[UUID, StartAction | StartRule] = {}
        self.ids: list[UUID] = []

    def happen(self, event: Event) -> tuple[Effect, ...]:
        self.now += 1
        decision = decide(self.state, event, self.now)
        self.state = decision.state
        self.effects += decision.effects
        for effect in decision.effects:
            if isinstance(effect, StartAction | StartRule):
                self.running[effect.id] = effect
        return decision.effects

    def refused(self, event: Event) -> str:
        """The code of the refusal, without its "Exception"; "" if there was none."""
        try:
            self.happen(event)
        except AwsError as refusal:
            return refusal.code.removesuffix("Exception")
        return ""

    # Events

    def begin(self, **variables: str) -> int:
        number = self.state.number + 1
        self.happen(Begin(UUID(int=number), CAUSE, variables))
        return number

    def end(self, number: int, *names: str, outcome: Succeeded | Failed = OK) -> None:
        """Ends what runs in the run by these names, of actions or rules."""
        for name in names:
            started = self.started(number, name)
            del self.running[started.id]
            self.happen(ActionEnded(started.run, started.id, outcome))

    def fail(self, number: int, *names: str) -> None:
        self.end(number, *names, outcome=BAD)

    def stop(self, number: int, how: Stopping = Stopping.WAIT, reason: str = "") -> str:
        return self.refused(Stop(self.run(number).id, how, reason))

    def retry(self, number: int, stage: str, mode: str = "FAILED_ACTIONS") -> str:
        return self.refused(Retry(self.run(number).id, stage, mode))

    def roll_back(self, stage: str, number: int, **changes: object) -> str:
        target = self.run(number)._replace(**changes)  # type: ignore[arg-type]
        new = UUID(int=self.state.number + 1)
        return self.refused(RollBack(new, stage, target, Cause("ManualRollback")))

    def override(self, number: int, stage: str, kind: ConditionKind) -> str:
        return self.refused(OverrideCondition(self.run(number).id, stage, kind))

    def gate(self, stage: str, enabled: bool) -> str:
        return self.refused(SetGate(stage, Gate(enabled, "why", "me", self.now + 1)))

    def redefine(self, declared: Pipeline) -> None:
        self.happen(Redefine(self.state.version + 1, declared))

    # What there is

    def run(self, number: int) -> Run:
        return next(run for run in self.state.runs.values() if run.number == number)

    def status(self, number: int) -> RunStatus:
        return self.run(number).status

    def statuses(self) -> list[str]:
        runs = sorted(self.state.runs.values(), key=lambda run: run.number)
        return [run.status.value for run in runs]

    def stage_run(self, number: int, stage: str) -> StageRun:
        return self.run(number).stages[stage]

    def stage_status(self, number: int, stage: str) -> StageStatus:
        return self.stage_run(number, stage).status

    def action_run(self, number: int, stage: str, name: str) -> ActionRun:
        return self.stage_run(number, stage).actions[name]

    def check(self, number: int, stage: str, kind: ConditionKind) -> ConditionStatus:
        return self.stage_run(number, stage).conditions[kind].status

    def started(self, number: int, name: str) -> StartAction | StartRule:
        run = self.run(number).id
        found = [e for e in self.running.values() if e.run == run and name_of(e) == name]
        assert found, f"{name} does not run in {number}: {self.now_running()}"
        return found[-1]

    def now_running(self) -> list[str]:
        """What is in progress, as "1 compile"."""
        numbers = {run.id: run.number for run in self.state.runs.values()}
        open_ = {
            begun.id
            for run in self.state.runs.values()
            for current in run.stages.values()
            for begun in _all(current)
            if begun.ended is None
        }
        return [
            f"{numbers[effect.run]} {name_of(effect)}"
            for effect in self.running.values()
            if effect.id in open_
        ]

    def holders(self) -> dict[str, int]:
        """Who holds each stage that is held."""
        numbers = {run.id: run.number for run in self.state.runs.values()}
        places = self.state.stages.items()
        return {name: numbers[place.holder] for name, place in places if place.holder}

    def inbound(self, stage: str) -> list[int]:
        numbers = {run.id: run.number for run in self.state.runs.values()}
        return [numbers[waiting] for waiting in self.state.stages[stage].waiting]

    def told(self, since: int = 0) -> list[str]:
        """The signals, as "1 Build/compile STARTED", since the effect of this index."""
        numbers = {run.id: run.number for run in self.state.runs.values()}
        return [
            f"{numbers[e.run]} {'/'.join(filter(None, (e.stage, e.action)))} {e.state}".replace(
                "  ", " "
            )
            for e in self.effects[since:]
            if isinstance(e, Told)
        ]


def name_of(effect: StartAction | StartRule) -> str:
    return effect.action if isinstance(effect, StartAction) else effect.rule


def _all(current: StageRun) -> list[ActionRun]:
    rules = [rule for check in current.conditions.values() for rule in check.rules.values()]
    return [*current.actions.values(), *rules]
