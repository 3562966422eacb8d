"""L14: a build puts out what its buildspec exports, and nothing else (CP-125)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.projects import build_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.pipelines.uses import uses
from penstock.lint.rule import Finding, rule


@rule(
    id="unexported-variable",
    severity=Severity.WARNING,
    summary="`#{namespace.key}` of a CodeBuild action whose buildspec does not export the key.",
    bad=but(TEMPLATE, ("exported-variables: [REVISION]", "exported-variables: [COMMIT]")),
    good=TEMPLATE,
)
def unexported_variable(subject: PipelineSubject) -> Iterator[Finding]:
    builds = {
        place.action.namespace: build_of(subject, place)
        for place in subject.of_provider("CodeBuild")
        if place.action.namespace
    }
    for reference, path in uses(subject):
        build = builds.get(reference.namespace)
        if build is None:
            continue
        exported = [one.value for one in build.buildspec.env.exported_variables]
        if reference.key not in exported:
            message = f"{build.name} does not export `{subject.shown(reference.key)}`"
            hint = f"it exports: {', '.join(exported)}" if exported else "it exports nothing"
            yield Finding(subject.within(path, f"#{{{reference.text}}}"), message, hint)
