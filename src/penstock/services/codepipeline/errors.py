"""CodePipeline's errors, in its wording where that is known."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.documents.pipelines.problems import Problem
from penstock.errors import AwsError
from penstock.state.recorded_pipelines import PipelineName

TOLD = 100
"""Findings that one answer lists."""


def refusal(problems: Sequence[Problem]) -> AwsError:
    """What the API answers of all that is wrong: the first, or all that are of its model."""
    first = problems[0]
    if first.code == "ValidationException":
        return invalid_values([one.message for one in problems if one.code == first.code])
    return AwsError(first.code, first.message)


def invalid_values(findings: Sequence[str]) -> AwsError:
    plural = "" if len(findings) == 1 else "s"
    told = "; ".join(findings[:TOLD])
    return invalid(f"{len(findings)} validation error{plural} detected: {told}")


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def invalid_token() -> AwsError:
    return AwsError("InvalidNextTokenException", "The next token is not one of this listing")


def limit_exceeded(message: str) -> AwsError:
    return AwsError("LimitExceededException", message)


def pipeline_not_found(name: PipelineName) -> AwsError:
    return AwsError(
        "PipelineNotFoundException",
        f"Account '{name.account}' does not have a pipeline with name '{name.name}'",
    )


def version_not_found(name: PipelineName, version: int) -> AwsError:
    return AwsError(
        "PipelineVersionNotFoundException",
        f"Pipeline '{name.name}' does not have a version '{version}'",
    )


def execution_not_found(name: PipelineName, execution: str) -> AwsError:
    return AwsError(
        "PipelineExecutionNotFoundException",
        f"Could not find the pipeline execution {execution} in pipeline '{name.name}'",
    )


def stage_not_found(stage: str) -> AwsError:
    return AwsError("StageNotFoundException", f"The pipeline does not have a stage '{stage}'")


def action_not_found(action: str) -> AwsError:
    return AwsError("ActionNotFoundException", f"The stage does not have an action '{action}'")
