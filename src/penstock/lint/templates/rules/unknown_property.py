"""A property that resources of a type do not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.schemas import described
from penstock.lint.templates.subject import TemplateSubject


@rule(
    id="unknown-property",
    severity=Severity.ERROR,
    summary="A property that resources of the type do not have.",
    bad="""
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      Name: site
""",
    good="""
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: site
""",
)
def unknown_property(subject: TemplateSubject) -> Iterator[Finding]:
    for name, schema in described(subject):
        properties = subject.world.properties(name)
        for key in properties.value:
            if not schema.properties or key in schema.properties:
                continue
            near = get_close_matches(key, schema.properties, n=1)
            hint = f"did you mean `{near[0]}`?" if near else ""
            at = subject.place_of_key(properties.origins.get((key,), ("Resources", name)))
            yield Finding(at, f"Encountered unsupported property {shown(key)}", hint)
