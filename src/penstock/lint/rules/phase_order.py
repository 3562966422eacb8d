"""CB-035: phases run in their own order, whatever the file says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject


@rule(
    id="phase-order",
    severity=Severity.INFO,
    summary="Phases written in another order than they run in.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - make
  install:
    commands:
      - apt-get install -y jq
""",
    good="""
version: 0.2
phases:
  install:
    commands:
      - apt-get install -y jq
  build:
    commands:
      - make
""",
)
def phase_order(subject: Subject) -> Iterator[Finding]:
    phases = subject.buildspec.phases
    for earlier, later in pairwise(phases):
        if later.at < earlier.at:
            message = f"`{later.name}` runs after `{earlier.name}`, though it stands above it"
            yield Finding(later.at, message, "the order is install, pre_build, build, post_build")
            return
