"""L17: a source that is neither polled nor told of."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import but
from penstock.lint.pipelines.rules.double_start import TOLD
from penstock.lint.pipelines.starts import POLLED, is_polled, is_started
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule


@rule(
    id="never-started",
    severity=Severity.INFO,
    summary="No source of the pipeline polls, and nothing in the template starts it.",
    bad=but(TOLD, (TOLD[TOLD.index("  Pushed:") :], "")),
    good=TOLD,
)
def never_started(subject: PipelineSubject) -> Iterator[Finding]:
    sources = [place for place in subject.actions if place.number == 0]
    if not sources or subject.pipeline.triggers or is_started(subject):
        return
    if any(place.action.type.provider not in (*POLLED, "ECR") for place in sources):
        return
    if not any(is_polled(place.action) for place in sources):
        at = subject.place(*sources[0].path, "name")
        message = "nothing here starts this pipeline when its source changes"
        yield Finding(at, message, "add an event rule whose target is the pipeline")
