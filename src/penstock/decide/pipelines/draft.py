"""A State while it is being decided about: what the other files here change, in place."""

from __future__ import annotations

from uuid import UUID

from penstock.documents.pipelines import Pipeline, Stage
from penstock.state.pipelines import (
    Decision,
    Effect,
    Failed,
    Run,
    RunStatus,
    StageRun,
    StageState,
    State,
    Told,
)


class Draft:
    """What a decision has come to so far. `due` are runs that may have something to do next.

    Runs and stages are replaced whole, never changed; what did not change is the object it was.
    """

    __slots__ = (
        "before",
        "changed",
        "definitions",
        "due",
        "effects",
        "now",
        "number",
        "places",
        "runs",
        "version",
    )

    def __init__(self, state: State, now: float) -> None:
        self.before = state
        self.now = now
        self.version = state.version
        self.number = state.number
        self.definitions = dict(state.definitions)
        self.places = dict(state.stages)
        self.runs = dict(state.runs)
        self.changed: set[UUID] = set()
        self.due: list[UUID] = []
        self.effects: list[Effect] = []

    @property
    def pipeline(self) -> Pipeline:
        """The current definition."""
        return self.definitions[self.version]

    def stage(self, run: Run) -> Stage:
        """The stage that the run is in, or waits for, in the definition it began with."""
        return self.definitions[run.version].stages[run.stage]

    def put(self, run: Run) -> Run:
        self.runs[run.id] = run
        self.changed.add(run.id)
        return run

    def put_stage(self, run: Run, name: str, stage_run: StageRun) -> Run:
        return self.put(run._replace(stages={**run.stages, name: stage_run}))

    def place(self, name: str) -> StageState | None:
        """What the stage remembers; None where the current definition has no such stage."""
        return self.places.get(name)

    def tell(
        self,
        run: Run,
        state: str,
        stage: str = "",
        action: str = "",
        failure: Failed | None = None,
    ) -> None:
        self.effects.append(Told(run.id, state, stage, action, failure, run.attempt))

    def decision(self) -> Decision:
        """What was decided; the state itself where nothing changed."""
        before = self.before
        if not self.changed and self.places == before.stages and self.version == before.version:
            return Decision(before, tuple(self.effects))
        for changed in self.changed:
            run = self.runs[changed]
            if run.updated != self.now:
                self.runs[changed] = run._replace(updated=self.now)
        state = State(self.version, self.definitions, self.places, self.runs, self.number)
        return Decision(state, tuple(self.effects))


def is_going(run: Run) -> bool:
    """Whether the run has not ended."""
    return run.status is RunStatus.IN_PROGRESS or run.status is RunStatus.STOPPING
