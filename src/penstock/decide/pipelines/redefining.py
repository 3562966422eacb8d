"""The pipeline gets a new definition while runs are on their way (CP-022, CP-024).

| a run of the definition before | and it |
| --- | --- |
| is in PARALLEL | goes on by the definition it began with |
| waits for a stage | is Cancelled at once |
| is in a stage | is Cancelled once what is in progress has ended |
| is stopping | is Stopped, as it was asked to |
"""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft, is_going
from penstock.decide.pipelines.endings import end_run
from penstock.decide.pipelines.entering import enter
from penstock.documents.pipelines import Mode
from penstock.state.pipelines import Redefine, Run, RunStatus, StageState


def redefine(draft: Draft, event: Redefine) -> None:
    """Stages of the same name keep what they remember. A version that is known changes nothing."""
    if event.version <= draft.version:
        return
    going = sorted(filter(is_going, draft.runs.values()), key=lambda run: run.number)
    for run in going:
        if not _outlives(run):
            _cancel(draft, run)
    names = [stage.name for stage in event.pipeline.stages]
    draft.places = {name: draft.places.get(name, StageState()) for name in names}
    draft.version = event.version
    versions = {run.version for run in draft.runs.values() if is_going(run)}
    kept = {number: old for number, old in draft.definitions.items() if number in versions}
    draft.definitions = {**kept, event.version: event.pipeline}
    for run in going:
        _free(draft, draft.runs[run.id])


def _outlives(run: Run) -> bool:
    """Whether the run goes on after its definition was replaced (CP-024)."""
    return run.mode is Mode.PARALLEL


def _cancel(draft: Draft, run: Run) -> None:
    if run.waiting:
        end_run(draft, run, RunStatus.CANCELLED)
    elif run.status is RunStatus.IN_PROGRESS:
        draft.put(run._replace(cancelled=True))  # something is in progress, and ends it


def _free(draft: Draft, run: Run) -> None:
    """A run that waits at a gate which is gone goes in."""
    if run.waiting and is_going(run) and draft.stage(run).name not in draft.places:
        enter(draft, run)
