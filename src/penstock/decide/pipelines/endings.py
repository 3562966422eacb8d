"""Stages and runs end: their statuses, who is told, and the lock that opens.

A stage that ends is open at once; whoever ends it lets the next run in (`entering.admit`) after the
run that was in it has gone where it goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.decide.pipelines.draft import Draft
from penstock.state.pipelines import Run, RunStatus, RunType, StageStatus

# In the events' spelling (CP-173), which has no word for a stage that was skipped.
_STAGE_WORDS: Mapping[StageStatus, str] = {
    StageStatus.SUCCEEDED: "SUCCEEDED",
    StageStatus.FAILED: "FAILED",
    StageStatus.STOPPED: "STOPPED",
    StageStatus.CANCELLED: "CANCELED",
}
_RUN_WORDS: Mapping[RunStatus, str] = {
    RunStatus.SUCCEEDED: "SUCCEEDED",
    RunStatus.FAILED: "FAILED",
    RunStatus.STOPPED: "STOPPED",
    RunStatus.CANCELLED: "CANCELED",
    RunStatus.SUPERSEDED: "SUPERSEDED",
}


def end_stage(draft: Draft, run: Run, status: StageStatus) -> Run:
    """The run's stage ends with the status, and its lock opens (CP-032, CP-040)."""
    name = draft.stage(run).name
    ended = run.stages[name]._replace(status=status, ended=draft.now)
    run = draft.put_stage(run, name, ended)
    if status in _STAGE_WORDS:
        draft.tell(run, _STAGE_WORDS[status], name)
    _leave(draft, run, name, status)
    return run


def _leave(draft: Draft, run: Run, name: str, status: StageStatus) -> None:
    place = draft.place(name)
    if place is None:
        return
    holder = None if place.holder == run.id else place.holder
    succeeded = place.succeeded
    if (
        status is StageStatus.SUCCEEDED
        and run.type is RunType.STANDARD
        and run.version == draft.version
    ):
        succeeded = run.id
    draft.places[name] = place._replace(holder=holder, succeeded=succeeded)


def end_run(draft: Draft, run: Run, status: RunStatus) -> Run:
    """The run ends with the status; it is at no gate any more."""
    run = draft.put(run._replace(status=status))
    if run.waiting:
        leave_gate(draft, run)
    draft.tell(run, _RUN_WORDS[status])
    return run


def leave_gate(draft: Draft, run: Run) -> None:
    name = draft.stage(run).name
    place = draft.place(name)
    if place is not None and run.id in place.waiting:
        waiting = tuple(other for other in place.waiting if other != run.id)
        draft.places[name] = place._replace(waiting=waiting)
