"""A file of the source artifact is in the source tree."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.pipelines.tree_files import certainty, named_files
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_GOOD = but(
    DECLARATION,
    ("inputArtifacts: [{name: site}]", "inputArtifacts: [{name: tree}]"),
    ("TemplatePath: site::template.yml", "TemplatePath: tree::stacks/site.yml"),
)


@rule(
    id="missing-template",
    severity=Severity.WARNING,
    summary="A template or configuration of the source artifact that is not in the source tree.",
    bad=but(_GOOD, ("stacks/site.yml", "stacks/sites.yml")),
    good=_GOOD,
    files={"stacks/site.yml": "Resources:\n  Site: {Type: AWS::S3::Bucket}\n"},
)
def missing_template(subject: PipelineSubject) -> Iterator[Finding]:
    for artifact, file, path in named_files(subject):
        if is_open(file) or not file or not subject.is_source(artifact):
            continue
        if subject.tree.exists(file):
            continue
        near = subject.tree.lookalike(file)
        severity = Severity.WARNING if near else certainty(subject)
        message = f"the source tree has no `{subject.shown(file)}`"
        hint = f"it has `{near}`" if near else "unless the source is another repository"
        yield Finding(subject.within(path, file), message, hint, severity)
