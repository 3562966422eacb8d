"""An attribute that resources of a type do not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from penstock.documents.diagnostics import Position, Severity
from penstock.documents.findings import shown
from penstock.documents.templates import Path
from penstock.documents.templates.references import Reference, references
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.schemas import schema_of
from penstock.lint.templates.subject import TemplateSubject


@rule(
    id="unknown-attribute",
    severity=Severity.ERROR,
    summary="A GetAtt, or `${Name.Attribute}`, of an attribute that resources of the type do not"
    " have.",
    bad="""
Resources:
  Site:
    Type: AWS::S3::Bucket
Outputs:
  Site:
    Value: !GetAtt Site.Name
""",
    good="""
Resources:
  Site:
    Type: AWS::S3::Bucket
Outputs:
  Site:
    Value: !GetAtt Site.Arn
""",
)
def unknown_attribute(subject: TemplateSubject) -> Iterator[Finding]:
    for section in ("Resources", "Outputs"):
        given = subject.text.body.get(section)
        for reference in references(given, (section,)):
            known = _attributes(subject, reference)
            if known is None or reference.attribute in known:
                continue
            kind = subject.world.type_of(reference.name)
            message = f"{kind} has no attribute `{shown(reference.attribute)}`"
            near = get_close_matches(reference.attribute, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else ""
            yield Finding(_place(subject, reference), message, hint)


def _attributes(subject: TemplateSubject, reference: Reference) -> tuple[str, ...] | None:
    """Those of the resource; None where they do not matter, or are not all known."""
    if not reference.attribute:
        return None
    schema = schema_of(subject.world.type_of(reference.name))
    # Some properties are attributes too, and the schemas do not say which.
    own = schema is None or reference.attribute.partition(".")[0] in schema.properties
    return None if schema is None or own else schema.attributes


def _place(subject: TemplateSubject, reference: Reference) -> Position:
    path: Path = reference.path
    if reference.kind == "Fn::Sub":
        around = path[: len(path) - path[::-1].index("Fn::Sub") - 1]
        return subject.within(around, f"{reference.name}.{reference.attribute}")
    return subject.place((*path, 1))
