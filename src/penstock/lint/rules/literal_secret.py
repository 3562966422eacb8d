"""CB-010: env.variables are readable by everybody who can read the repository or the build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_TOKENS = re.compile(
    r"""\b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_\w{20,}
    | \bglpat-[\w-]{20,} | \bxox[abprs]-[\w-]{10,} | \bsk_live_\w{16,} | \bnpm_[A-Za-z0-9]{36}\b
    | \bAIza[\w-]{35} | \bpypi-[\w-]{50,} | \bdckr_pat_[\w-]{20,}
    | -----BEGIN[ ](?:\w+[ ])?PRIVATE[ ]KEY""",
    re.VERBOSE,
)
_NAME = re.compile(r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|SECRET_KEY|PRIVATE_KEY)$")
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+=_!@#%^&.~-]{16,}")


@rule(
    id="literal-secret",
    severity=Severity.WARNING,
    summary="A value in env.variables that looks like a credential.",
    bad="""
version: 0.2
env:
  variables:
    API_TOKEN: 8fK2nQz7TtW4xYb1LmP0
phases:
  build:
    commands:
      - make publish
""",
    good="""
version: 0.2
env:
  secrets-manager:
    API_TOKEN: prod/api:token
phases:
  build:
    commands:
      - make publish
""",
)
def literal_secret(subject: Subject) -> Iterator[Finding]:
    for name, value, at in subject.buildspec.env.variables:
        named = _NAME.search(name.upper()) and _RANDOM.fullmatch(value)
        if named or _TOKENS.search(value):
            message = f"`{shown(name)}` looks like a credential: anybody can read it here"
            hint = "keep it in Secrets Manager or Parameter Store, and consider it known"
            yield Finding(at, message, hint)
