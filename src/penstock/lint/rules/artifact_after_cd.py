"""CB-208, CB-027: `cd` moves the commands, not what artifact paths count from."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.outputs import artifacts_of, folders_of
from penstock.lint.quoting import unquoted
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject
from penstock.lint.working_directory import walked


@rule(
    id="artifact-after-cd",
    severity=Severity.WARNING,
    summary="An artifact path relative to a `cd`; it counts from where the build started.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - cd web
      - npx vite build --outDir public
artifacts:
  files:
    - public/**/*
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - cd web
      - npx vite build --outDir public
artifacts:
  files:
    - web/public/**/*
""",
)
def artifact_after_cd(subject: Subject) -> Iterator[Finding]:
    if subject.buildspec.version == "0.1":
        return
    for artifact in artifacts_of(subject.buildspec):
        for folder, at in folders_of(artifact):
            moved = "" if folder.startswith("/") else _made_in(subject, folder)
            if moved:
                message = f"`{folder}` is made in `{moved}`, but artifact paths ignore the `cd`"
                yield Finding(at, message, f"write `{moved}/{folder}`")


def _made_in(subject: Subject, folder: str) -> str:
    """The folder a `cd` led to and in which, not at the root, `folder` is or is named."""
    if subject.exists(folder):
        return ""
    moved = ""
    for _, call, directory in walked(subject):
        words = {_path(word) for word in (*call.words, *(name for _, name in call.redirections))}
        names = any(word == folder or word.startswith(folder + "/") for word in words)
        if directory == "" and names:
            return ""
        back = any(f"../{folder}" in word or f"SRC_DIR}}/{folder}" in word for word in words)
        if back or any(f"SRC_DIR/{folder}" in word for word in words) or directory is None:
            return ""
        if directory and (names or subject.exists(f"{directory}/{folder}")):
            moved = moved or directory
    return moved


def _path(word: str) -> str:
    """`--out=dist/` and `./dist` name `dist`."""
    return unquoted(word).rpartition("=")[2].removeprefix("./").rstrip("/")
