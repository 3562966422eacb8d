"""CB-206: post_build runs after a failed build too."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import FailureAction
from penstock.documents.diagnostics import Severity
from penstock.lint.publishing import publishes
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_GUARD = "CODEBUILD_BUILD_SUCCEEDING"


@rule(
    id="unguarded-post-build",
    severity=Severity.WARNING,
    summary="post_build pushes or deploys without asking whether the build succeeded.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - make test
      - make site
  post_build:
    commands:
      - aws s3 sync site "s3://$BUCKET"
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - make test
      - make site
  post_build:
    commands:
      - test "$CODEBUILD_BUILD_SUCCEEDING" = 1
      - aws s3 sync site "s3://$BUCKET"
""",
)
def unguarded_post_build(subject: Subject) -> Iterator[Finding]:
    build = subject.buildspec.phase("build")
    aborts = build.on_failure and build.on_failure.action is FailureAction.ABORT
    if aborts or not (build.commands or build.finally_):
        return
    for step in subject.steps:
        if step.phase.name != "post_build":
            continue
        if _GUARD in step.command.text:
            return
        for call in step.calls:
            what = publishes(call)
            if what:
                message = f"post_build runs after a failed build too: `{what}` publishes it"
                hint = f'put `test "${_GUARD}" = 1` before it, or move it to the end of build'
                yield Finding(subject.place(step.command, call.at), message, hint)
                return
