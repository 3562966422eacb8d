"""Reads the Parameters section (TG-112)."""

from __future__ import annotations

from typing import Any

from penstock.documents.templates import NOTHING, Body, Parameter, Path
from penstock.documents.templates.problems import Problems, pointer, shown
from penstock.documents.templates.sections import description_of, members_of

MOST = 200
_STORE = "AWS::SSM::Parameter::Value<"
_IDS = (
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
)
_LISTED = ("String", "Number", *(one for one in _IDS if one != "AWS::EC2::KeyPair::KeyName"))
_VALUES = {"String", "Number", "CommaDelimitedList", "AWS::SSM::Parameter::Name", *_IDS}
_VALUES |= {f"List<{one}>" for one in _LISTED}
TYPES = _VALUES | {f"{_STORE}{one}>" for one in _VALUES}

_CONSTRAINTS = (
    "AllowedPattern", "AllowedValues", "ConstraintDescription", "MinLength", "MaxLength",
    "MinValue", "MaxValue",
)  # fmt: skip
_MEMBERS = frozenset((*_CONSTRAINTS, "Type", "Default", "NoEcho", "Description"))


def read_parameters(body: Body, problems: Problems) -> dict[str, Parameter]:
    return {
        name: _parameter(member, ("Parameters", name), problems)
        for name, member in members_of(body, "Parameters", "Parameter", MOST, problems)
    }


def _parameter(member: dict[str, Any], path: Path, problems: Problems) -> Parameter:
    for key, value in member.items():
        if key not in _MEMBERS:
            problems.add((*path, key), f"Invalid template parameter property '{shown(key)}'")
        elif value is None:
            here = pointer((*path, key))
            problems.format((*path, key), f"{here} 'null' values are not allowed in templates")
    kind = member.get("Type")
    if not isinstance(kind, str):
        problems.format(path, "Every Parameters object must contain a Type member.")
        kind = "String"
    elif kind not in TYPES:
        problems.format((*path, "Type"), f"Unrecognized parameter type: {shown(kind)}")
    _check_kinds(member, path, problems)
    constraints = {key: member[key] for key in _CONSTRAINTS if member.get(key) is not None}
    return Parameter(
        kind,
        member.get("Default"),
        member.get("NoEcho") in (True, "true", "True"),
        description_of(member, path, problems),
        constraints or NOTHING,
    )


def _check_kinds(member: dict[str, Any], path: Path, problems: Problems) -> None:
    if isinstance(member.get("Default"), dict | list):
        problems.format((*path, "Default"), "Every Default member must be a string.")
    allowed = member.get("AllowedValues", [])
    if not isinstance(allowed, list) or any(isinstance(one, dict | list) for one in allowed):
        where = (*path, "AllowedValues")
        problems.format(where, "Every AllowedValues member must be a list of strings.")
    for key in ("AllowedPattern", "ConstraintDescription"):
        if isinstance(member.get(key), dict | list):
            problems.format((*path, key), f"Every {key} member must be a string.")
    for key in ("MinLength", "MaxLength", "MinValue", "MaxValue"):
        if key in member and not _is_number(member[key]):
            problems.format((*path, key), f"Every {key} member must be a number.")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return value is None  # said already
    return not isinstance(value, bool)
