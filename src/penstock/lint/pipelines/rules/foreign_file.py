"""L12: `Artifact::file`, and what ParameterOverrides take out of artifacts, are of the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.pipelines.subject import ActionPlace
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.json_values import value_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.pipelines.tree_files import FILES, artifact_file
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_ARTIFACTS = (
    "TaskDefinitionTemplateArtifact",
    "AppSpecTemplateArtifact",
    *(f"Image{n}ArtifactName" for n in range(1, 5)),
)
_TEXTS = ("Parameters", "DeploymentTargets")  # these may be the values themselves


@rule(
    id="foreign-file",
    severity=Severity.ERROR,
    summary="A file, or a value of a file, of an artifact that is no input of the action.",
    bad=but(DECLARATION, ("TemplatePath: site::", "TemplatePath: tree::")),
    good=DECLARATION,
)
def foreign_file(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.actions:
        if any(map(is_open, place.action.inputs)):
            continue
        for key, artifact in _named(place):
            path = (*place.path, "configuration", key)
            if artifact is None:
                message = f"{key} names no artifact"
                yield Finding(subject.place(*path), message, f"write `{_example(place)}::file`")
            elif artifact not in place.action.inputs and not is_open(artifact):
                name = subject.shown(artifact)
                message = f"{key} is of artifact `{name}`, which is no input of this action"
                hint = f"its inputs are: {', '.join(place.action.inputs)}"
                at = subject.within(path, artifact)
                yield Finding(at, message, hint if place.action.inputs else "add it to the inputs")


def _named(place: ActionPlace) -> Iterator[tuple[str, str | None]]:
    """The key and the artifact of everything that names one; None where it should and does not."""
    configuration = place.action.configuration
    for key in FILES.get(place.action.type.provider, ()):
        text = configuration.get(key)
        if text is None or (key in _TEXTS and "::" not in text):
            continue
        found = artifact_file(text)
        if found or not is_open(text):
            yield key, found[0] if found else None
    if place.action.type.provider == "CodeDeployToECS":
        yield from ((key, configuration[key]) for key in _ARTIFACTS if key in configuration)
    if place.action.type.provider == "CloudFormation":
        for artifact in _taken(value_of(configuration.get("ParameterOverrides", ""))):
            yield "ParameterOverrides", artifact


def _taken(value: Any) -> Iterator[str]:
    """The artifacts of Fn::GetParam and Fn::GetArtifactAtt."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("Fn::GetParam", "Fn::GetArtifactAtt") and isinstance(one, list) and one:
                yield str(one[0])
            else:
                yield from _taken(one)


def _example(place: ActionPlace) -> str:
    return place.action.inputs[0] if place.action.inputs else "Artifact"
