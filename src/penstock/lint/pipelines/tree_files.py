"""Files that a pipeline expects in the tree it is fed with, and whether that is the tree here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Severity
from penstock.documents.templates import Path
from penstock.lint.pipelines.projects import primary_input, project_of, source_of
from penstock.lint.pipelines.subject import PipelineSubject

FILES = {
    "CloudFormation": ("TemplatePath", "TemplateConfiguration"),
    "CloudFormationStackSet": ("TemplatePath", "Parameters", "DeploymentTargets"),
}
"""Configuration keys of `Artifact::file`, by provider."""


class Named(NamedTuple):
    """`file` of an artifact, at the path of the declaration that names it."""

    artifact: str
    file: str
    path: Path


def artifact_file(text: str) -> tuple[str, str] | None:
    artifact, colons, file = text.partition("::")
    return (artifact, file) if colons else None


def named_files(subject: PipelineSubject) -> Iterator[Named]:
    """Those that configuration keys name."""
    for place in subject.actions:
        for key in FILES.get(place.action.type.provider, ()):
            found = artifact_file(place.action.configuration.get(key, ""))
            if found:
                yield Named(*found, (*place.path, "configuration", key))


def certainty(subject: PipelineSubject) -> Severity:
    """A warning where the tree here has something else that the pipeline expects of its source;
    otherwise the pipeline's source may be another repository, and there is but a note."""
    expected = (named.file for named in named_files(subject) if subject.is_source(named.artifact))
    found = any(subject.tree.exists(file) for file in (*expected, *_buildspecs(subject)) if file)
    return Severity.WARNING if found else Severity.INFO


def _buildspecs(subject: PipelineSubject) -> Iterator[str]:
    for place in subject.of_provider("CodeBuild"):
        project = project_of(subject, place)
        if project and subject.world and subject.is_source(primary_input(place)):
            yield source_of(subject.world, project).path


def parameters_of(data: bytes) -> frozenset[str] | None:
    """The parameters of a template's text; None where it cannot be read."""
    from penstock.documents.templates.text import read_text

    text, _ = read_text(data, "")
    given: Any = text.body.get("Parameters", {}) if text else None
    if not isinstance(given, dict) or (text and "Resources" not in text.body):
        return None
    return frozenset(map(str, given))
