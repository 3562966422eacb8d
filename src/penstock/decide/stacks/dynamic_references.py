"""`{{resolve:…}}` in values: what Parameter Store or Secrets Manager has when a resource is made.

Definitions keep the texts: what they stand for is no change of a stack (TG-126).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from penstock.decide.stacks.refusals import invalid
from penstock.state.stacks import Wanted

MOST = 60
SERVICES = ("ssm", "ssm-secure", "secretsmanager")
_FOUND = re.compile(r"\{\{resolve:([^{}:]+):([^{}]*)\}\}")
_STORED = re.compile(r"([A-Za-z0-9_./-]+|arn:[A-Za-z0-9_./:-]+?)(?::([0-9]+))?")
_ARN_PIECES = 7
SECURE_PLACES: Mapping[str, tuple[str, ...]] = {
    "AWS::DirectoryService::MicrosoftAD": ("Password",),
    "AWS::DirectoryService::SimpleAD": ("Password",),
    "AWS::ElastiCache::ReplicationGroup": ("AuthToken",),
    "AWS::IAM::User": ("LoginProfile/Password",),
    "AWS::KinesisFirehose::DeliveryStream": ("RedshiftDestinationConfiguration/Password",),
    "AWS::OpsWorks::App": ("AppSource/Password",),
    "AWS::OpsWorks::Stack": ("CustomCookbooksSource/Password", "RdsDbInstances/DbPassword"),
    "AWS::RDS::DBCluster": ("MasterUserPassword",),
    "AWS::RDS::DBInstance": ("MasterUserPassword",),
    "AWS::Redshift::Cluster": ("MasterUserPassword",),
}
"""The properties in which `ssm-secure` may be."""


class Reference(NamedTuple):
    """`version` is a parameter's version, or a secret's version id; `key` is of a secret's JSON and
    `stage` its version stage; "" where not given. `text` is all of it."""

    text: str
    service: str
    name: str
    version: str = ""
    key: str = ""
    stage: str = ""


def references_in(value: Any) -> tuple[Reference, ...]:
    """Each different one once, as they come. Raises AwsError for those that are not well formed."""
    return tuple(dict.fromkeys(reference for _, reference in _places(value, "")))


def check_references(resources: Mapping[str, Wanted]) -> None:
    """Raises AwsError for too many of them in a stack, and secure ones where none may be."""
    count, misplaced = 0, []
    for wanted in resources.values():
        for path, reference in _places(wanted.properties, ""):
            count += 1
            allowed = SECURE_PLACES.get(wanted.type, ())
            if reference.service == "ssm-secure" and path not in allowed:
                misplaced.append(f"{wanted.type}/Properties/{path}")
    if misplaced:
        places = ",".join(sorted(set(misplaced)))
        raise invalid(f"SSM Secure reference is not supported in: [{places}]")
    if count > MOST:
        raise invalid(f"The template has {count} dynamic references; {MOST} are allowed")


def substitute(value: Any, text_for: Callable[[Reference], str]) -> Any:
    """The value with texts in place of its references, which are not read again for more."""
    if isinstance(value, str):
        return _FOUND.sub(lambda found: text_for(_parsed(found)), value)
    if isinstance(value, Mapping):
        return {key: substitute(one, text_for) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(one, text_for) for one in value]
    return value


def _places(value: Any, path: str) -> Iterator[tuple[str, Reference]]:
    """References, and the properties they are in ("A/B"; items of lists have no place)."""
    if isinstance(value, str):
        for found in _FOUND.finditer(value):
            yield path, _parsed(found)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _places(one, f"{path}/{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _places(one, path)


def _parsed(found: re.Match[str]) -> Reference:
    text, service, rest = found[0], found[1], found[2]
    if service == "secretsmanager":
        return _secret(text, rest)
    stored = _STORED.fullmatch(rest) if service in SERVICES else None
    if stored is None:
        raise _malformed(text)
    return Reference(text, service, stored[1], stored[2] or "")


def _secret(text: str, rest: str) -> Reference:
    pieces = rest.split(":")
    length = _ARN_PIECES if pieces[0] == "arn" else 1
    name, more = ":".join(pieces[:length]), pieces[length:]
    kind, key, stage, version = (*more, "", "", "", "")[:4]
    if not name or len(more) > 4 or kind not in ("", "SecretString") or (stage and version):
        raise _malformed(text)
    return Reference(text, "secretsmanager", name, version, key, stage)


def _malformed(text: str) -> Exception:
    return invalid(f"Incorrect format is used in the following dynamic reference: [{text}]")
