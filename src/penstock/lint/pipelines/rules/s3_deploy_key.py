"""L21: what is not extracted is put under a key (CP-129)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule

_GOOD = but(
    DECLARATION,
    (DECLARATION[DECLARATION.index("            ActionMode") :],
     "            BucketName: site\n            Extract: 'false'\n"
     "            ObjectKey: site.zip\n"),
    ("provider: CloudFormation", "provider: S3"),
)  # fmt: skip


@rule(
    id="s3-deploy-key",
    severity=Severity.ERROR,
    summary="An S3 deploy action that does not extract, without ObjectKey.",
    bad=but(_GOOD, ("            ObjectKey: site.zip\n", "")),
    good=_GOOD,
)
def s3_deploy_key(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("S3"):
        given = place.action.configuration
        if given.get("Extract", "").lower() == "false" and "ObjectKey" not in given:
            at = subject.place(*place.path, "configuration", "Extract")
            yield Finding(
                at, "Extract is false, and there is no ObjectKey to put the archive under"
            )
