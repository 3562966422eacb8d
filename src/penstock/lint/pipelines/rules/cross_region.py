"""L23: an action in another Region needs the store of that Region (CP-008, CP-009)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_GOOD = but(
    DECLARATION,
    (
        "  artifactStore: {type: S3, location: web-artifacts}\n",
        "  artifactStores:\n"
        "    eu-west-1: {type: S3, location: web-artifacts}\n"
        "    us-east-1: {type: S3, location: web-artifacts-us}\n",
    ),
    ("        - name: Stack\n", "        - name: Stack\n          region: us-east-1\n"),
)


@rule(
    id="cross-region",
    severity=Severity.ERROR,
    summary="An action in a Region that artifactStores has no store for; actions of several Regions"
    " and one store.",
    bad=but(_GOOD, ("    us-east-1: {type: S3, location: web-artifacts-us}\n", "")),
    good=_GOOD,
)
def cross_region(subject: PipelineSubject) -> Iterator[Finding]:
    stores = subject.pipeline.stores
    single = "artifactStore" in subject.declaration.value
    if any(map(is_open, stores)) or not stores:
        return
    regions: set[str] = set()
    for place in subject.actions:
        region = place.action.region
        if not region or is_open(region):
            continue
        regions.add(region)
        at = subject.place(*place.path, "region")
        name = subject.shown(region)
        if not single and region not in stores:
            yield Finding(at, f"artifactStores has no store for {name}, which this action is in")
        elif single and len(regions) > 1:
            message = f"actions are in {' and '.join(sorted(regions))}, and there is one store"
            yield Finding(at, message, "artifactStores has a store for each Region")
