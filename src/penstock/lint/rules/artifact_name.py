"""CB-085, CB-214: what `artifacts.name` does is up to the project."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.outputs import artifacts_of
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="artifact-name",
    severity=Severity.INFO,
    summary="`artifacts.name` counts only if the project has overrideArtifactName.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  name: app-$CODEBUILD_BUILD_NUMBER
  files:
    - app
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - make
artifacts:
  files:
    - app
""",
)
def artifact_name(subject: Subject) -> Iterator[Finding]:
    for artifact in artifacts_of(subject.buildspec):
        if artifact.name:
            zipped = artifact.name.endswith(".zip")
            message = "this name is ignored unless the project sets overrideArtifactName"
            hint = "" if zipped else "a project that packs ZIP files wants it to end in `.zip`"
            yield Finding(artifact.at, message, hint)
