"""L21: an S3 source is of a bucket with versions (CP-120)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_GOOD = but(
    TEMPLATE,
    ("RepositoryName: !GetAtt Repository.Name", "S3Bucket: !Ref Artifacts"),
    ("BranchName: main", "S3ObjectKey: tree.zip"),
    ("Provider: CodeCommit", "Provider: S3"),
)


@rule(
    id="unversioned-source",
    severity=Severity.WARNING,
    summary="An S3 source action on a bucket of the template that keeps no versions.",
    bad=but(_GOOD, ("Status: Enabled", "Status: Suspended")),
    good=_GOOD,
)
def unversioned_source(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("S3"):
        value = place.action.configuration.get("S3Bucket")
        bucket = (
            subject.world.by_name(value, "BucketName", "AWS::S3::Bucket") if subject.world else ""
        )
        if not bucket or subject.world is None:
            continue
        versioning = subject.world.properties(bucket).value.get("VersioningConfiguration", {})
        status = versioning.get("Status") if isinstance(versioning, dict) else versioning
        if status != "Enabled" and not is_open(status):
            at = subject.place(*place.path, "configuration", "S3Bucket")
            message = f"bucket {bucket} keeps no versions, which an S3 source needs"
            yield Finding(at, message, "add `VersioningConfiguration: {Status: Enabled}` to it")
