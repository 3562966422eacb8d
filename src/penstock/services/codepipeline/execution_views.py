"""Executions of a pipeline in the API's shapes: pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from penstock.services.service import Answer
from penstock.state.pipelines import Revision, Run, RunType
from penstock.state.recorded_pipelines import PipelineName

Document = Mapping[str, Any]


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def shown_execution(name: PipelineName, run: Run, document: Document | None) -> Answer:
    """PipelineExecution; `document` is the declaration it runs by, None where that has gone."""
    return {
        "pipelineName": name.name,
        "pipelineVersion": run.version,
        **_common(run),
        "artifactRevisions": [
            {"name": artifact, **_revision(revision)}
            for action, revision in run.revisions.items()
            for artifact in _outputs(document, action)
        ],
        "variables": [
            {"name": variable, "resolvedValue": value}
            for variable, value in run.variables.get("variables", {}).items()
        ],
    }


def shown_summary(run: Run) -> Answer:
    """PipelineExecutionSummary (CP-053)."""
    shown = {
        **_common(run),
        "startTime": moment(run.started),
        "lastUpdateTime": moment(run.updated),
        "sourceRevisions": [
            {"actionName": action, **_revision(revision)}
            for action, revision in run.revisions.items()
        ],
    }
    if run.reason:
        shown["stopTrigger"] = {"reason": run.reason}
    return shown


def _common(run: Run) -> Answer:
    shown: Answer = {
        "pipelineExecutionId": str(run.id),
        "status": run.status,
        "trigger": {"triggerType": run.cause.type, "triggerDetail": run.cause.detail},
        "executionMode": run.mode,
        "executionType": run.type,
    }
    if run.summary:
        shown["statusSummary"] = run.summary
    if run.type is RunType.ROLLBACK:
        shown["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": str(run.target)}
    return shown


def _revision(revision: Revision) -> Answer:
    shown = {"revisionId": revision.id}
    if revision.summary:
        shown["revisionSummary"] = revision.summary
    if revision.url:
        shown["revisionUrl"] = revision.url
    return shown


def _outputs(document: Document | None, action: str) -> list[str]:
    """The names of a source action's output artifacts."""
    if document is None:
        return []
    return [
        output["name"]
        for declared in document["stages"][0]["actions"]
        if declared["name"] == action
        for output in declared.get("outputArtifacts", ())
    ]
