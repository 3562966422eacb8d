"""L17: a source that is polled and told of starts every change twice (CP-100, CP-101)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.starts import is_polled, tellers
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule

TOLD = but(
    TEMPLATE,
    ("                BranchName: main\n", "                BranchName: main\n"
     "                PollForSourceChanges: false\n"),
) + """\
  Pushed:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.codecommit]
        detail-type: [CodeCommit Repository State Change]
        resources: [!GetAtt Repository.Arn]
        detail: {referenceName: [main]}
      Targets:
        - Id: pipeline
          Arn: !Sub arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}
          RoleArn: !GetAtt PipelineRole.Arn
"""  # fmt: skip


@rule(
    id="double-start",
    severity=Severity.WARNING,
    summary="A source that polls, and an event rule or webhook that starts the pipeline too.",
    bad=but(TOLD, ("                PollForSourceChanges: false\n", "")),
    good=TOLD,
)
def double_start(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.actions:
        if place.number or not is_polled(place.action):
            continue
        for name in tellers(subject, place.action):
            message = f"this source is polled, and {name} starts the pipeline as well"
            at = subject.place(*place.path, "name")
            yield Finding(at, message, "set `PollForSourceChanges: false`")
            break
