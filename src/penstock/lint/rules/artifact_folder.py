"""CB-207: patterns that match nothing fail the upload, and hide an earlier failure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches

from penstock.documents.diagnostics import Severity
from penstock.lint.outputs import artifacts_of, folders_of
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_OUTPUTS = """
_site artifacts bin build cdk.out coverage deploy deployment dist export lib node_modules out
output outputs package packages pkg public publish release reports site target test-results
vendor
"""
_COMMON_OUTPUTS = frozenset(_OUTPUTS.split())


@rule(
    id="artifact-folder",
    severity=Severity.INFO,
    summary="An artifact path into a folder that is not there and that looks misspelt.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - mkdir -p handlers
      - make handlers
artifacts:
  files:
    - handler/**/*
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - mkdir -p handlers
      - make handlers
artifacts:
  files:
    - handlers/**/*
""",
)
def artifact_folder(subject: Subject) -> Iterator[Finding]:
    for artifact in artifacts_of(subject.buildspec):
        for path, at in folders_of(artifact):
            first = path.partition("/")[0]
            near = "" if first in {"", "."} else _near(subject, first)
            if near:
                message = f"no folder `{first}` is here, and no command names it"
                yield Finding(at, message, f"did you mean `{near}`?")


def _near(subject: Subject, folder: str) -> str:
    """What `folder` was probably meant to be: a build may well make a folder nothing names."""
    text = "\n".join(step.command.text for step in subject.steps)
    # `coverage.sh` may well make `coverage`.
    words = {word.partition(".")[0] for word in re.findall(r"[\w.-]+", text)}
    if folder in _COMMON_OUTPUTS or subject.exists(folder) or folder.partition(".")[0] in words:
        return ""
    try:
        with os.scandir(subject.root) as entries:
            here = {entry.name for entry in entries if entry.is_dir()}
    except OSError:
        here = set()
    by_case = {name.lower(): name for name in words | here}
    found = get_close_matches(folder.lower(), by_case, n=1, cutoff=0.85)
    return by_case[found[0]] if found else ""
