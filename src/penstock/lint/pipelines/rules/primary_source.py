"""L08: a build of several input artifacts is told which of them it starts in."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_TWO = but(
    DECLARATION,
    ("actions:\n        - name: Tree", "actions:\n        - name: Docs\n"
     '          actionTypeId: {category: Source, owner: AWS, provider: CodeCommit, version: "1"}\n'
     "          configuration: {RepositoryName: docs, BranchName: main}\n"
     "          outputArtifacts: [{name: docs}]\n"
     "        - name: Tree"),
    ("inputArtifacts: [{name: tree}]", "inputArtifacts: [{name: tree}, {name: docs}]"),
)  # fmt: skip


@rule(
    id="primary-source",
    severity=Severity.ERROR,
    summary="A CodeBuild action of several inputs without PrimarySource, or one that is none of"
    " them; CombineArtifacts without BatchEnabled.",
    bad=_TWO,
    good=but(_TWO, ("{ProjectName: site}", "{ProjectName: site, PrimarySource: tree}")),
)
def primary_source(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CodeBuild"):
        action, path = place.action, (*place.path, "configuration")
        given = action.configuration.get("PrimarySource")
        name, inputs = subject.shown(action.name), action.inputs
        if given is None and len(inputs) > 1:
            message = f"action {name} has {len(inputs)} input artifacts and no PrimarySource"
            hint = f"name the one the build starts in, such as `PrimarySource: {inputs[0]}`"
            yield Finding(subject.place(*path), message, subject.symbols.shown(hint))
        elif given and given not in inputs and not any(map(is_open, (given, *inputs))):
            message = f"PrimarySource `{subject.shown(given)}` is no input artifact of {name}"
            hint = f"its inputs are: {', '.join(inputs)}" if inputs else ""
            yield Finding(subject.place(*path, "PrimarySource"), message, hint)
        combined = action.configuration.get("CombineArtifacts", "false").lower() == "true"
        if combined and action.configuration.get("BatchEnabled", "false").lower() == "false":
            message = "CombineArtifacts is for batch builds: BatchEnabled is not true"
            yield Finding(subject.place(*path, "CombineArtifacts"), message)
