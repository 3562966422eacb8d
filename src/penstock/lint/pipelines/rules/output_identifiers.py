"""L24: several outputs of a build are its buildspec's secondary artifacts, by name (CP-125)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.projects import build_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_TWO = but(
    TEMPLATE, ("OutputArtifacts: [{Name: site}]", "OutputArtifacts: [{Name: site}, {Name: docs}]")
)


@rule(
    id="output-identifiers",
    severity=Severity.WARNING,
    summary="Several outputs of a CodeBuild action that are not the secondary artifacts of its"
    " buildspec.",
    bad=_TWO,
    good=but(
        _TWO,
        (
            "            files: ['**/*']\n",
            "            files: ['**/*']\n"
            "            secondary-artifacts:\n"
            "              site: {files: ['site/**/*']}\n"
            "              docs: {files: ['docs/**/*']}\n",
        ),
    ),
)
def output_identifiers(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CodeBuild"):
        outputs = place.action.outputs
        build = build_of(subject, place) if len(outputs) > 1 else None
        if build is None:
            continue
        artifacts = build.buildspec.artifacts
        known = [one.identifier for one in artifacts.secondary] if artifacts else []
        for i, output in enumerate(outputs):
            if output.name in known or is_open(output.name):
                continue
            name = subject.shown(output.name)
            message = f"{build.name} has no secondary artifact `{name}`"
            hint = f"it has: {', '.join(known)}" if known else "add it to `secondary-artifacts`"
            at = subject.place(*place.path, "outputArtifacts", i, "name")
            yield Finding(at, message, hint)
