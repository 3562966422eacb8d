"""The published schemas of resource types, as cfn-lint's wheel ships them.

They are read as files: importing cfn-lint takes longer than creating a stack. A file per region
says which types there are and names the schema of each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

REGION = "us-east-1"
"""The region that has nearly all types, for those that the asked one has not."""
_STACK = "AWS::CloudFormation::Stack"
_ANYTHING = ("Custom::", "AWS::CloudFormation::CustomResource")
_PREFIX = "/properties/"
_ALSO = {
    "AWS::EC2::Subnet": ("AvailabilityZone", "VpcId"),
    "AWS::EC2::VPC": ("CidrBlock",),
    "AWS::Events::EventBus": ("Name",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Parameter": ("Type", "Value"),
    "AWS::StepFunctions::Activity": ("Name",),
}
"""Attributes that are no read-only properties: these types are older than the schemas."""


class ResourceSchema(NamedTuple):
    """What is published of a type. Pointers are written without `/properties/`: "A/B", where `*`
    stands for the items of a list.

    `create_only`: a change of these replaces the resource; `conditional_create_only`: it may.
    `read_only` are set by the service. `attributes` are the names that Fn::GetAtt takes ("A.B");
    None: any name, as with custom resources and (after "Outputs.") nested stacks.
    """

    type: str
    properties: frozenset[str]
    required: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    conditional_create_only: frozenset[str] = frozenset()
    read_only: tuple[str, ...] = ()
    write_only: frozenset[str] = frozenset()
    primary_identifier: tuple[str, ...] = ()
    attributes: tuple[str, ...] | None = ()


@cache
def schema_of(type: str) -> ResourceSchema | None:
    """None: no such type is published. Custom:: types have the schema of custom resources."""
    published = published_schema(type)
    return None if published is None else _read(type, published)


def has_schema(type: str) -> bool:
    return _published_name(type) in _index()


def published_schema(type: str) -> Mapping[str, Any] | None:
    """The schema itself, for what `ResourceSchema` has no member for. Not kept: some are large."""
    name = _index().get(_published_name(type))
    return None if name is None else _load("resources", f"{name}.json")


def unrecognized_types(types: Iterable[str], registered: Iterable[str] = ()) -> list[str]:
    """Those that are neither published, custom, nor `registered`, each once, in their order.

    An answer to a call is "Template format error: Unrecognized resource types: [A, B]".
    """
    known = {*registered}
    return [one for one in dict.fromkeys(types) if one not in known and not has_schema(one)]


def _published_name(type: str) -> str:
    return _ANYTHING[1] if type.startswith(_ANYTHING[0]) and type != _ANYTHING[0] else type


@cache
def _index() -> Mapping[str, str]:
    """Type -> file, of every region: some types are only elsewhere."""
    elsewhere = [_load("providers", name) for name in _files("providers")]
    found = {type: name for types in elsewhere for type, name in types.items()}
    return {**found, **_load("providers", f"{REGION}.json")}


def _files(folder: str) -> list[str]:
    every = sorted(os.listdir(os.path.join(_root(), folder)))
    return [name for name in every if name.endswith(".json") and name != "sam.json"]


def _load(folder: str, name: str) -> dict[str, Any]:
    with open(os.path.join(_root(), folder, name), encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


@cache
def _root() -> str:
    """Where the schemas are. Raises ModuleNotFoundError without cfn-lint."""
    found = find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("the schemas of resource types come with cfn-lint: install it")
    return os.path.join(found.submodule_search_locations[0], "data", "schemas")


def _read(type: str, published: Mapping[str, Any]) -> ResourceSchema:
    read_only = _pointers(published, "readOnlyProperties")
    return ResourceSchema(
        type,
        frozenset(published.get("properties", {})),
        frozenset(published.get("required", ())),
        frozenset(_pointers(published, "createOnlyProperties")),
        frozenset(_pointers(published, "conditionalCreateOnlyProperties")),
        read_only,
        frozenset(_pointers(published, "writeOnlyProperties")),
        _pointers(published, "primaryIdentifier"),
        _attributes(type, read_only),
    )


def _pointers(published: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(one.removeprefix(_PREFIX) for one in published.get(key, ()))


def _attributes(type: str, read_only: tuple[str, ...]) -> tuple[str, ...] | None:
    if type == _STACK or type.startswith(_ANYTHING):
        return None
    names = (one.replace("/", ".") for one in read_only if "*" not in one)
    return tuple(dict.fromkeys((*names, *_ALSO.get(type, ()))))
