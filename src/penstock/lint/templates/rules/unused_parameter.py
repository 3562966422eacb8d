"""A parameter that everybody has to give and nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.templates.reader import transforms_of
from penstock.documents.templates.references import references
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.subject import SERVERLESS, TemplateSubject

_NAMES = re.compile(r"\$\{([A-Za-z0-9]+)\}")


@rule(
    id="unused-parameter",
    severity=Severity.INFO,
    summary="A parameter that nothing in the template uses.",
    bad="""
Parameters:
  Stage: {Type: String}
Resources:
  Site:
    Type: AWS::S3::Bucket
""",
    good="""
Parameters:
  Stage: {Type: String}
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '${Stage}-site'
""",
)
def unused_parameter(subject: TemplateSubject) -> Iterator[Finding]:
    body = subject.text.body
    parameters = body.get("Parameters")
    if not isinstance(parameters, dict) or not set(map(str, transforms_of(body))) <= {SERVERLESS}:
        return
    rest = {key: value for key, value in body.items() if key != "Metadata"}
    used = {one.name for one in references(rest)} | set(_mentioned(rest))
    for name in parameters:
        if name not in used:
            at = subject.place_of_key(("Parameters", name))
            yield Finding(at, f"nothing uses parameter {name}")


def _mentioned(value: Any) -> Iterator[str]:
    """What texts say that a function builds or a rule names (Fn::ValueOf)."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll"):
                yield from _texts(one)
            yield from _mentioned(one)
    elif isinstance(value, list):
        for one in value:
            yield from _mentioned(one)
    elif isinstance(value, str) and "${" in value:
        yield from _NAMES.findall(value)


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
