"""The published schemas of the types of resources, where they are installed."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents import resource_schemas
from penstock.documents.resource_schemas import ResourceSchema
from penstock.lint.templates.refused import is_final
from penstock.lint.templates.subject import TemplateSubject

_OF_TRANSFORMS = "AWS::Serverless::"


def is_known(type: str) -> bool:
    """Only AWS's own types can be told to be none: others are registered in an account."""
    if not type.startswith("AWS::") or type.startswith(_OF_TRANSFORMS) or type.endswith("::MODULE"):
        return True
    try:
        return resource_schemas.has_schema(type)
    except ModuleNotFoundError:
        return True


def schema_of(type: str) -> ResourceSchema | None:
    """Of a type of AWS's whose properties are all known."""
    if not type.startswith("AWS::") or type.startswith(_OF_TRANSFORMS):
        return None
    try:
        schema = resource_schemas.schema_of(type)
    except ModuleNotFoundError:
        return None
    return schema if schema and schema.attributes is not None else None


def described(subject: TemplateSubject) -> Iterator[tuple[str, ResourceSchema]]:
    """The resources that stand there as they will be made, and whose schema is known."""
    if not is_final(subject.text.body):
        return
    for name in subject.world.resources:
        schema = schema_of(subject.world.type_of(name))
        if schema is not None:
            yield name, schema
