"""Source artifacts that have no files, but say where builds clone them from (CP-121). Pure."""

from __future__ import annotations

from penstock.documents.pipelines import Pipeline
from penstock.state.recorded_pipelines import Start

FORMAT, REFERENCE = "OutputArtifactFormat", "CODEBUILD_CLONE_REF"
CLONED = (
    f"this artifact only says where to clone a commit from ({FORMAT} {REFERENCE}), and only"
    " CodeBuild actions do so; for files, give its source action the format CODE_ZIP"
)


def references_of(pipeline: Pipeline) -> frozenset[str]:
    """The names of the artifacts that are such references."""
    return frozenset(
        output.name
        for action in pipeline.stages[0].actions
        if action.configuration.get(FORMAT) == REFERENCE
        for output in action.outputs
    )


def unusable_reference(start: Start) -> str:
    """The first of an action's inputs that is such a reference and of no use to it, or ""."""
    if start.action.type.provider == "CodeBuild":
        return ""
    references = references_of(start.pipeline)
    return next((name for name in start.inputs if name in references), "")
