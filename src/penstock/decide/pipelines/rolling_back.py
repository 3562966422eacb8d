"""A stage goes back to what an earlier run did there, in a run of its own (CP-048, CP-049, CP-070).

The new run takes the target's revisions, variables and artifacts, and goes into the stage at once,
before those who wait and whether or not the transition into it is disabled: it comes from nowhere
else. AWS does not say whether it goes on to the later stages: here it has only its own, as what is
behind it was not asked about (`ends_after_its_stage`).
"""

from __future__ import annotations

from uuid import UUID

from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.entering import enter
from penstock.decide.pipelines.ids import rollback_id
from penstock.decide.pipelines.refusals import check_stage, refused
from penstock.documents.pipelines import Mode
from penstock.errors import AwsError
from penstock.state.pipelines import Cause, RollBack, Run, RunType, StageStatus

KEPT_SECONDS = 365 * 24 * 3600  # runs are kept for twelve months (CP-053)


def ends_after_its_stage(run: Run) -> bool:
    return run.type is RunType.ROLLBACK


def roll_back(draft: Draft, event: RollBack) -> None:
    """RollbackStage.

    Raises StageNotFoundException, UnableToRollbackStageException,
    PipelineExecutionOutdatedException.
    """
    if event.id in draft.runs:
        return
    _check(draft, event.stage, event.target)
    _begin(draft, event.id, event.stage, event.target, event.cause)


def roll_back_by_itself(draft: Draft, failed: Run, stage: str, attempt: int) -> None:
    """Goes back to the latest success in the stage where the run has failed.

    Where that cannot be, its statusSummary says why, and nothing begins.
    """
    try:
        target = _latest_success(draft, failed, stage)
        _check(draft, stage, target)
    except AwsError as refusal:
        draft.put(failed._replace(summary=refusal.message))
        return
    cause = Cause("AutomatedRollback", str(failed.id))
    _begin(draft, rollback_id(failed.id, stage, attempt), stage, target, cause)


def _latest_success(draft: Draft, failed: Run, stage: str) -> Run:
    if failed.type is RunType.ROLLBACK:
        raise _unable(stage, "what failed in it was a rollback already")
    place = draft.place(stage)
    succeeded = place.succeeded if place is not None else None
    target = draft.runs.get(succeeded) if succeeded is not None else None
    if target is None or target.id == failed.id:
        raise _unable(stage, "no earlier pipeline execution has succeeded in it")
    return target


def _check(draft: Draft, stage: str, target: Run) -> None:
    """Raises what CP-049 says."""
    check_stage(draft, stage)
    if draft.pipeline.mode is Mode.PARALLEL:
        raise _unable(stage, "the pipeline is in PARALLEL mode")
    if draft.pipeline.stages[0].name == stage:
        raise _unable(stage, "it is the source stage")
    if draft.places[stage].holder is not None:
        raise _unable(stage, "it is in progress")
    why = _unfit(draft, stage, target)
    if why:
        raise _unable(stage, f"the pipeline execution {target.id} {why}")
    if draft.now - target.started > KEPT_SECONDS:
        raise refused(
            "PipelineExecutionOutdated",
            f"The pipeline execution {target.id} began more than twelve months ago: choose a newer"
            " one, or start a new one",
        )


def _unfit(draft: Draft, stage: str, target: Run) -> str:
    if target.version != draft.version:
        return f"is of version {target.version} of the pipeline, which is now {draft.version}"
    if target.type is RunType.ROLLBACK:
        return "is a rollback itself"
    there = target.stages.get(stage)
    if there is None or there.status is not StageStatus.SUCCEEDED:
        return "did not succeed in it"
    return ""


def _unable(stage: str, why: str) -> AwsError:
    return refused("UnableToRollbackStage", f"The stage {stage} cannot be rolled back: {why}")


def _begin(draft: Draft, new: UUID, stage: str, target: Run, cause: Cause) -> None:
    pipeline = draft.pipeline
    names = [other.name for other in pipeline.stages]
    draft.number += 1
    run = Run(
        new,
        draft.number,
        draft.version,
        pipeline.mode,
        cause,
        draft.now,
        draft.now,
        type=RunType.ROLLBACK,
        target=target.id,
        stage=names.index(stage),
        artifacts=target.artifacts,
        variables={**target.variables, "codepipeline": {"PipelineExecutionId": str(new)}},
        revisions=target.revisions,
        overrides=target.overrides,
    )
    draft.tell(run, "STARTED")
    enter(draft, run)
