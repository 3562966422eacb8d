"""A property that every resource of a type has."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.schemas import described
from penstock.lint.templates.subject import TemplateSubject


@rule(
    id="missing-property",
    severity=Severity.ERROR,
    summary="A property is not there that resources of the type cannot be without.",
    bad="""
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
""",
    good="""
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: test
""",
)
def missing_property(subject: TemplateSubject) -> Iterator[Finding]:
    for name, schema in described(subject):
        given = subject.world.resources[name].get("Properties", {})
        properties = subject.world.properties(name).value
        if not isinstance(given, dict):
            continue
        for key in sorted(schema.required - set(properties)):
            at = subject.place_of_key(("Resources", name))
            yield Finding(at, f"Properties validation failed: {name} has no {key}")
