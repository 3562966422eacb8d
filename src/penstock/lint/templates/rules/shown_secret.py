"""A parameter for a secret is not shown to whoever describes the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.subject import TemplateSubject

_SECRET = re.compile(
    r"(?:password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key)"
    r"(?:value|string|text)?$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\{\{resolve:|^arn:|^/")


@rule(
    id="shown-secret",
    severity=Severity.WARNING,
    summary="A parameter that is named like a secret, without NoEcho.",
    bad="""
Parameters:
  GitHubToken:
    Type: String
Resources:
  Token:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: !Ref GitHubToken
""",
    good="""
Parameters:
  GitHubToken:
    Type: String
    NoEcho: true
Resources:
  Token:
    Type: AWS::SecretsManager::Secret
    Properties:
      SecretString: !Ref GitHubToken
""",
)
def shown_secret(subject: TemplateSubject) -> Iterator[Finding]:
    parameters = subject.text.body.get("Parameters")
    for name, given in parameters.items() if isinstance(parameters, dict) else ():
        if not isinstance(given, dict) or given.get("Type") != "String":
            continue
        if "NoEcho" in given or "AllowedValues" in given or not _SECRET.search(name):
            continue
        default = given.get("Default")
        if isinstance(default, str) and _REFERENCE.search(default):
            continue
        at = subject.place_of_key(("Parameters", name))
        message = f"whoever may describe the stack sees the value of {name}"
        yield Finding(at, message, "add `NoEcho: true`")
