"""CB-095, CB-219: a local cache holds folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_FILE = re.compile(
    r"[^*?]*[^*?/]\.(?:json|lock|xml|ya?ml|toml|txt|zip|tgz|gz|jar|properties|ini|sqlite|db)"
)


@rule(
    id="cached-file",
    severity=Severity.INFO,
    summary="A cache path that is a file: a LOCAL cache takes folders only.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - mvn package
cache:
  paths:
    - /root/.m2/settings.xml
""",
    good="""
version: 0.2
phases:
  build:
    commands:
      - mvn package
cache:
  paths:
    - /root/.m2/**/*
""",
)
def cached_file(subject: Subject) -> Iterator[Finding]:
    for path, at in subject.buildspec.cache.paths if subject.buildspec.cache else ():
        there = subject.exists(path) and os.path.isfile(os.path.join(subject.root, path))
        if there or _FILE.fullmatch(path):
            message = "a project with a LOCAL cache takes folders only, and this is a file"
            yield Finding(at, message, "name the folder around it")
