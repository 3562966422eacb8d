"""Requests that are refused, and what several of them ask first (section 8 of the reference)."""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft, is_going
from penstock.documents.pipelines import Mode
from penstock.errors import AwsError
from penstock.state.pipelines import Run

MOST_RUNS = 50  # in progress at once, in QUEUED and PARALLEL (CP-038)


def refused(code: str, message: str) -> AwsError:
    """`code` without its "Exception", as AWS's names all end so."""
    return AwsError(f"{code}Exception", message, 409 if code == "Conflict" else 400)


def check_stage(draft: Draft, name: str) -> None:
    """Raises StageNotFoundException unless the current definition has the stage."""
    if name not in draft.places:
        known = ", ".join(draft.places)
        raise refused(
            "StageNotFound", f"The pipeline has no stage named {name}. Its stages are: {known}"
        )


def check_latest(draft: Draft, run: Run, stage: str) -> None:
    """Raises NotLatestPipelineExecutionException if a newer run has entered the stage (CP-040)."""
    latest = draft.places[stage].latest
    if run.mode is not Mode.PARALLEL and latest != run.id:
        raise refused(
            "NotLatestPipelineExecution",
            f"The pipeline execution {run.id} is out of date: {latest} has entered"
            f" the stage {stage} after it",
        )


def check_room(draft: Draft, mode: Mode) -> None:
    """Raises ConcurrentPipelineExecutionsLimitExceededException if no run can be added (CP-038)."""
    if mode is Mode.SUPERSEDED:
        return
    if sum(map(is_going, draft.runs.values())) >= MOST_RUNS:
        raise refused(
            "ConcurrentPipelineExecutionsLimitExceeded",
            f"The pipeline has {MOST_RUNS} executions in progress, which is the limit in {mode}"
            " mode. Wait for one to end, or stop one",
        )
