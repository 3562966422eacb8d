"""Runs come to a stage, wait at its gate, and enter (CP-032…037, CP-050).

| a run comes to a stage | and it |
| --- | --- |
| whose transition is disabled | waits |
| that another run holds, in SUPERSEDED or QUEUED | waits |
| where others wait, in QUEUED | waits behind them |
| where another waits, in SUPERSEDED | takes its place: the other is Superseded |
| else | enters, and holds it unless in PARALLEL |

In PARALLEL nobody holds a stage; a disabled transition keeps these runs too.
"""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.endings import end_run
from penstock.documents.pipelines import Mode
from penstock.state.pipelines import Run, RunStatus, StageRun, StageStatus


def arrive(draft: Draft, run: Run, stage: int) -> None:
    """The run comes to the stage of this index, and enters or waits."""
    run = draft.put(run._replace(stage=stage, waiting=True))
    name = draft.stage(run).name
    place = draft.place(name)
    if place is None:
        enter(draft, run)
        return
    if run.mode is Mode.SUPERSEDED:
        for other in place.waiting:
            if draft.runs[other].mode is Mode.SUPERSEDED:
                end_run(draft, draft.runs[other], RunStatus.SUPERSEDED)
        place = draft.places[name]
    draft.places[name] = place._replace(waiting=(*place.waiting, run.id))
    admit(draft, name)


def admit(draft: Draft, name: str) -> None:
    """Lets in who waits at the gate of the stage and may enter, the first first."""
    place = draft.place(name)
    if place is None or not place.waiting or not place.gate.enabled:
        return
    for waiting in place.waiting:
        run = draft.runs[waiting]
        if run.mode is Mode.PARALLEL or draft.places[name].holder is None:
            enter(draft, run)


def enter(draft: Draft, run: Run) -> None:
    """The run is in its stage. A stage that the current definition lacks has no lock or memory."""
    name = draft.stage(run).name
    run = draft.put_stage(
        run._replace(waiting=False), name, StageRun(StageStatus.IN_PROGRESS, draft.now)
    )
    place = draft.place(name)
    if place is not None:
        draft.places[name] = place._replace(
            holder=place.holder if run.mode is Mode.PARALLEL else run.id,
            waiting=tuple(other for other in place.waiting if other != run.id),
            # Runs of an earlier definition go on in PARALLEL; what they do is not the stage's.
            latest=run.id if run.version == draft.version else place.latest,
        )
    draft.tell(run, "STARTED", name)
    draft.due.append(run.id)
