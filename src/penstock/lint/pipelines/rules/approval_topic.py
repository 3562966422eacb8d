"""L19: an approval tells its topic with the role of the pipeline (CP-063)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.permissions import allows
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule

_TOLD = (
    but(
        TEMPLATE,
        (
            "{CustomData: 'Release #{Site.REVISION}?'}",
            "{NotificationArn: !Ref Approvals, CustomData: 'Release #{Site.REVISION}?'}",
        ),
    )
    + "  Approvals:\n    Type: AWS::SNS::Topic\n"
)


@rule(
    id="approval-topic",
    severity=Severity.WARNING,
    summary="An approval with a NotificationArn in a pipeline whose role may not publish.",
    bad=_TOLD,
    good=but(_TOLD, ("'codebuild:*']", "'codebuild:*', 'sns:Publish']")),
)
def approval_topic(subject: PipelineSubject) -> Iterator[Finding]:
    if subject.world is None:
        return
    for place in subject.of_provider("Manual"):
        if "NotificationArn" not in place.action.configuration:
            continue
        role = place.action.role_arn or subject.pipeline.role_arn
        if allows(subject.world, role, "sns:Publish") is False:
            at = subject.place(*place.path, "configuration", "NotificationArn")
            message = "the role does not allow sns:Publish, so nobody is told of this approval"
            yield Finding(at, message, "allow sns:Publish on the topic")
