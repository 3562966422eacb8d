"""The result of a batch for programs, in the shape of the API's BuildBatch (CB-104)."""

from __future__ import annotations

import json
from typing import Any

from penstock.cli.batch_build import TaskBuilds
from penstock.runner.codebuild.batch import TaskRecord
from penstock.runner.codebuild.source import Source
from penstock.state.batches import BatchPhaseRecord, BatchPhaseType
from penstock.state.builds import Status


def print_batch(
    builds: TaskBuilds,
    source: Source,
    status: Status,
    phases: tuple[BatchPhaseRecord, ...],
    records: tuple[TaskRecord, ...],
) -> None:
    """Prints it; `builds` has each build's result, in the shape that a single build has."""
    order = builds.batch_order
    batch = {
        "id": order.build_id,
        "arn": order.arn.replace(":build/", ":build-batch/"),
        "projectName": order.project,
        "buildBatchStatus": status,
        "currentPhase": phases[-1].phase,
        "complete": True,
        "startTime": phases[0].started,
        "endTime": phases[-1].started,
        "resolvedSourceVersion": source.resolved_version or None,
        "phases": [_phase(phase) for phase in phases],
        "buildGroups": [
            _source_group(phases),
            *(_group(builds, record) for record in records),
        ],
        "builds": [_build(record) for record in records],
    }
    print(json.dumps(batch, indent=2))


def _phase(record: BatchPhaseRecord) -> dict[str, Any]:
    """The last phase is entered and never left, so it has only a start."""
    phase: dict[str, Any] = {"phaseType": record.phase, "startTime": record.started}
    if record.ended is not None:
        phase |= {"phaseStatus": record.status, "endTime": record.ended}
        phase["durationInSeconds"] = int(record.ended - record.started)
    return phase


def _source_group(phases: tuple[BatchPhaseRecord, ...]) -> dict[str, Any]:
    """The first group. It has no build here, so no ARN: one copy is made for all builds."""
    phase = next(p for p in phases if p.phase is BatchPhaseType.DOWNLOAD_BATCHSPEC)
    summary = {"requestedOn": phase.started, "buildStatus": phase.status}
    return {
        "identifier": "DOWNLOAD_SOURCE",
        "ignoreFailure": False,
        "currentBuildSummary": summary,
        "priorBuildSummaryList": [],
    }


def _group(builds: TaskBuilds, record: TaskRecord) -> dict[str, Any]:
    """A task that never started has no `currentBuildSummary`."""
    task, outcome = record.task, record.outcome
    group: dict[str, Any] = {
        "identifier": task.identifier,
        "dependsOn": list(task.depends_on),
        "ignoreFailure": task.ignore_failure,
        "priorBuildSummaryList": [],
    }
    if outcome is not None:
        group["currentBuildSummary"] = {
            "arn": builds.arn(task.identifier),
            "requestedOn": record.started,
            "buildStatus": outcome.status,
        }
    return group


def _build(record: TaskRecord) -> dict[str, Any]:
    """The result of the build; of one that never started or told nothing, why that is."""
    name, outcome = record.task.identifier, record.outcome
    if outcome is None:
        return {"identifier": name, "buildStatus": None, "waitedFor": record.because or None}
    if not outcome.result:
        problem = "\n".join(outcome.ending).strip() or None
        return {"identifier": name, "buildStatus": outcome.status, "problem": problem}
    return {"identifier": name, **outcome.result}
