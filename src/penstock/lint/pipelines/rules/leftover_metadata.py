"""L25: what get-pipeline gives is more than update-pipeline takes."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule


@rule(
    id="leftover-metadata",
    severity=Severity.WARNING,
    summary="`metadata` beside `pipeline`, as get-pipeline prints it: update-pipeline refuses it.",
    bad=DECLARATION + "metadata:\n  created: '2026-01-31T12:00:00Z'\n",
    good=DECLARATION,
)
def leftover_metadata(subject: PipelineSubject) -> Iterator[Finding]:
    if subject.world is None and "metadata" in subject.text.body:
        at = subject.text.places.keys.get(("metadata",), subject.place())
        yield Finding(at, "update-pipeline takes no `metadata`", "remove it")
