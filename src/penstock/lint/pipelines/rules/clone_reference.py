"""L18: a clone's reference is nothing but for CodeBuild (CP-121, CP-122)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.permissions import allows
from penstock.lint.pipelines.projects import project_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule

_CLONED = but(
    TEMPLATE,
    (
        "                BranchName: main\n",
        "                BranchName: main\n"
        "                OutputArtifactFormat: CODEBUILD_CLONE_REF\n",
    ),
)
_NEEDED = {
    "CodeCommit": ("codecommit:GitPull",),
    "CodeStarSourceConnection": (
        "codestar-connections:UseConnection",
        "codeconnections:UseConnection",
    ),
}
_READERS = ("CodeBuild", "Commands", "ECRBuildAndPublish", "InspectorScan")


@rule(
    id="clone-reference",
    severity=Severity.WARNING,
    summary="An artifact in the form CODEBUILD_CLONE_REF for an action that cannot read it, or a"
    " build whose role may not clone.",
    bad=_CLONED,
    good=but(_CLONED, ("['s3:*', 'logs:*']", "['s3:*', 'logs:*', 'codecommit:GitPull']")),
)
def clone_reference(subject: PipelineSubject) -> Iterator[Finding]:
    cloned = {
        output.name: place.action.type.provider
        for place in subject.actions
        if place.action.configuration.get("OutputArtifactFormat") == "CODEBUILD_CLONE_REF"
        for output in place.action.outputs
    }
    for place in subject.actions:
        for i, name in enumerate(place.action.inputs):
            if name not in cloned:
                continue
            at = subject.place(*place.path, "inputArtifacts", i, "name")
            provider = place.action.type.provider
            if provider not in _READERS:
                message = f"{provider} cannot read `{name}`, which is a reference for CodeBuild"
                yield Finding(at, message, "leave out OutputArtifactFormat, or build in between")
                continue
            needed = _NEEDED.get(cloned[name], ())
            project = project_of(subject, place)
            if needed and project and _lacks(subject, project, needed):
                message = f"the role of {project} does not allow {needed[0]}, which cloning needs"
                yield Finding(at, message)


def _lacks(subject: PipelineSubject, project: str, needed: tuple[str, ...]) -> bool:
    if subject.world is None:
        return False
    role = subject.world.properties(project).value.get("ServiceRole")
    answers = [allows(subject.world, role, one) for one in needed]
    return all(answer is False for answer in answers)
