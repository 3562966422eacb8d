"""The result of a build for programs: the shape that `docs/run.md` describes."""

from __future__ import annotations

import json
from typing import Any

from penstock.runner.codebuild.order import Result
from penstock.runner.codebuild.reports.model import CaseStatus, Report
from penstock.runner.codebuild.sinks import Failure
from penstock.state.builds import PhaseRecord, PhaseType


def print_result(result: Result, file: str, seconds: float) -> None:
    print(json.dumps(as_json(result, file, seconds), indent=2))


def as_json(result: Result, file: str, seconds: float) -> dict[str, Any]:
    """Names are those of the API's Build where it has one (CB-041, CB-070)."""
    return {
        "buildStatus": result.status,
        "seconds": round(seconds, 3),
        "resolvedSourceVersion": result.source_version or None,
        "phases": [_phase(record) for record in result.records],
        "failure": _failure(result.failure, file) if result.failure else None,
        "exportedEnvironmentVariables": [
            {"name": name, "value": value} for name, value in result.exported.items()
        ],
        "artifacts": list(result.artifacts),
        "reports": [_report(report) for report in result.reports],
    }


def _phase(record: PhaseRecord) -> dict[str, Any]:
    if record.phase is PhaseType.COMPLETED:
        return {"phaseType": record.phase, "startTime": record.started}  # CB-035
    return {
        "phaseType": record.phase,
        "phaseStatus": record.status,
        "startTime": record.started,
        "endTime": record.ended,
        "contexts": [{"statusCode": record.context.code, "message": record.context.message}],
    }


def _failure(failure: Failure, file: str) -> dict[str, Any]:
    return {
        "phaseType": failure.phase,
        "command": failure.command.text,
        "exitStatus": failure.exit_status,
        "file": file,
        "line": failure.command.at.line,
        "column": failure.command.at.column,
        "output": failure.tail.decode("utf-8", "replace"),
    }


def _report(report: Report) -> dict[str, Any]:
    failed = (CaseStatus.FAILED, CaseStatus.ERROR)
    return {
        "name": report.name,
        "type": report.type,
        "status": report.status,
        "total": report.total,
        "truncated": report.truncated,
        "statusCounts": {str(name): count for name, count in report.status_counts.items()},
        "failed": [
            {"prefix": case.prefix, "name": case.name, "message": case.message}
            for case in report.cases
            if case.status in failed
        ],
        "lineCoveragePercentage": report.coverage.line_percentage,
        "branchCoveragePercentage": report.coverage.branch_percentage,
        "problems": list(report.problems),
    }
