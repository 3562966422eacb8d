"""CB-208: artifact paths count from where the build started, or from `base-directory`."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import Artifact, Text
from penstock.documents.diagnostics import Severity
from penstock.lint.outputs import artifacts_of, literal_folder
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="artifact-path",
    severity=Severity.WARNING,
    summary="An artifact path that is absolute, leads up, or repeats `base-directory`.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - npm run build
artifacts:
  base-directory: dist
  files:
    - dist/**/*
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - npm run build
artifacts:
  base-directory: dist
  files:
    - '**/*'
""",
)
def artifact_path(subject: Subject) -> Iterator[Finding]:
    for artifact in artifacts_of(subject.buildspec):
        for file in artifact.files:
            problem = _problem(subject, artifact, file)
            if problem:
                yield Finding(file.at, *problem)


def _problem(subject: Subject, artifact: Artifact, file: Text) -> tuple[str, str] | None:
    path, base = file.value, artifact.base_directory or ""
    whence = "`base-directory`" if base else "the folder the build started in"
    if path.startswith("/"):
        return f"artifact paths count from {whence}: this one is absolute", "make it relative"
    if ".." in path.split("/"):
        return f"this path leads out of {whence}", "name the folder itself in `base-directory`"
    folder = literal_folder(base.rstrip("/") + "/")
    if not folder or not path.removeprefix("./").startswith(f"{folder}/"):
        return None
    twice = f"{folder}/{folder}"
    mentioned = any(twice in step.command.text for step in subject.steps)
    if mentioned or subject.exists(twice):
        return None
    hint = f"write `{path.removeprefix('./').removeprefix(folder + '/')}`"
    return f"this means `{twice}`: paths count from `base-directory`", hint
