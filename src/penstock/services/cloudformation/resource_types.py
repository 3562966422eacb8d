"""Which types of resources there are, which a request allows, and what replaces them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from penstock.documents.resource_schemas import schema_of, unrecognized_types
from penstock.documents.templates import Template
from penstock.services.cloudformation.errors import invalid

_CUSTOM = "AWS::CloudFormation::CustomResource"


def check_types(template: Template, allowed: Sequence[str]) -> None:
    """Raises ValidationError for types that there are not, and for those that ResourceTypes leaves
    out."""
    types = [resource.type for resource in template.resources.values()]
    unknown = unrecognized_types(types)
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    for type in types if allowed else ():
        if not any(fnmatchcase(type, pattern) for pattern in allowed):
            raise invalid(
                f"Resource type {type} is not allowed by parameter ResourceTypes"
                f" [{', '.join(allowed)}]"
            )


def replaced_by(type: str) -> frozenset[str]:
    """The properties whose change makes a new resource of a type."""
    if type == _CUSTOM or type.startswith("Custom::"):
        return frozenset(("ServiceToken",))
    schema = schema_of(type)
    return schema.create_only if schema else frozenset()
