"""Values such as AWS would give: of the form that a type's schema says, the same for a task however
often it is done, and of nothing that is there. Addresses are of domains that cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from penstock.documents.resource_schemas import ResourceSchema, published_schema
from penstock.resources.contract import Job

NOWHERE = "example.invalid"
_EMPTY: Mapping[str, Any] = {"array": [], "object": {}, "boolean": False, "integer": 0, "number": 0}
_ACTIVE = ("ACTIVE", "AVAILABLE", "Active", "Available", "Ready", "READY", "ENABLED", "Enabled")
_SAID = re.compile(r"(Version|Revision|VersionNumber|Generation)$")
_TIMES = re.compile(r"(At|Time|Timestamp|Date|DateTime|On)$")
_HOSTS = re.compile(r"(DomainName|DNSName|DnsName|Endpoint|Address|Host|Hostname|Domain|Server)$")
_URLS = re.compile(r"(Url|URL|Uri|URI|Link)$")
_ACCOUNTS = re.compile(r"(AccountId|OwnerId|Owner|RegistryId)$")
_IDS = re.compile(r"(Id|ID|Identifier|Uuid|UUID|Uid|Token|Key)$")
_STATES = re.compile(r"(Status|State)$")


class Plausible:
    """Values for one resource."""

    def __init__(self, job: Job, schema: ResourceSchema) -> None:
        self._job = job
        self._schema = schema
        self._published = published_schema(schema.type) or {}
        self._service, self._kind = _words(schema.type, self._published)
        self._own = schema.type.rpartition(":")[2]
        digest = sha256(job.task.id.bytes).hexdigest()
        self._hex = digest
        self._name = self._given_name()

    def physical_id(self) -> str:
        """What identifies the resource: its parts are joined as Ref joins them."""
        parts = [str(self.value(pointer)) for pointer in self._schema.primary_identifier]
        return "|".join(filter(None, parts)) or self._job.name()

    def attributes(self) -> dict[str, Any]:
        names = self._schema.attributes or ()
        return {name: self.value(name.replace(".", "/")) for name in names}

    def value(self, pointer: str) -> Any:
        """The property that is there, or what the service would make of it."""
        given: Any = self._job.properties
        for part in pointer.split("/"):
            given = given.get(part) if isinstance(given, Mapping) else None
        if given is not None and not isinstance(given, Mapping | list):
            return given
        described = self._described(pointer)
        kind = described.get("type", "string")
        kinds = kind if isinstance(kind, list) else [kind]
        if kinds[0] in _EMPTY:
            return _EMPTY[kinds[0]]
        texts = list(self._texts(pointer.rpartition("/")[2], described))
        return next((text for text in texts if _fits(text, described)), texts[0])

    def _texts(self, name: str, described: Mapping[str, Any]) -> Iterator[str]:
        """What a text of such a name may be, the likeliest first."""
        words = [str(word) for word in described.get("enum", ())]
        if words:
            yield next((word for word in _ACTIVE if word in words), words[0])
            return
        yield from self._named(name)
        yield self._name
        yield from self._ids()
        yield from self._arns()
        yield from (self._job.stack.account, "DRAFT", "1")

    def _named(self, name: str) -> Iterator[str]:
        region, account = self._job.stack.region, self._job.stack.account
        if name.lower().endswith("arn"):
            yield from self._arns("" if name.lower() == "arn" else name[:-3])
        elif name in ("Region", "AvailabilityZone"):
            yield region if name == "Region" else f"{region}a"
        elif _ACCOUNTS.search(name):
            yield account
        elif _TIMES.search(name):
            yield self._job.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif _URLS.search(name):
            yield f"https://{self._host()}/"
        elif _HOSTS.search(name):
            yield self._host()
        elif _STATES.search(name):
            yield "ACTIVE"
        elif _SAID.search(name) or name == "Port":
            yield "1"
        elif _IDS.search(name):
            yield from self._ids()

    def _ids(self) -> Iterator[str]:
        if self._service == "ec2":
            yield f"{_EC2.get(self._kind, self._kind)}-{self._hex[:17]}"
        yield _uuid(self._hex)
        yield from (self._hex[:size] for size in (10, 12, 17, 26, 32, 64))
        yield f"{self._job.stack.region}_{self._hex[:9]}"
        for word in (self._kind, self._kind[0], _hyphened(self._own)):
            yield from (f"{word}-{self._hex[:size]}" for size in (10, 12, 17, 32))

    def _arns(self, what: str = "") -> Iterator[str]:
        """The likeliest first: what it is called, what it is of, and where that stands differ."""
        words = (what.lower() or self._kind, _hyphened(what or self._own), what or self._own)
        ids = (self._name, _uuid(self._hex), *(self._hex[:size] for size in (10, 12, 17, 32)))
        for region in (self._job.stack.region, ""):
            place = f"arn:aws:{self._service}:{region}:{self._job.stack.account}"
            for word in dict.fromkeys(words):
                yield from (f"{place}:{word}{at}{id}" for at in "/:" for id in ids)
        yield f"arn:aws:iam::{self._job.stack.account}:role/{self._name}"

    def _host(self) -> str:
        return f"{self._hex[:12]}.{self._service}.{self._job.stack.region}.{NOWHERE}"

    def _given_name(self) -> str:
        """The name that the template gives, or the one that CloudFormation makes."""
        read_only = self._schema.read_only
        for name in (*self._schema.primary_identifier, f"{self._kind}Name", "Name"):
            given = self._job.properties.get(name)
            if isinstance(given, str) and given and name not in read_only:
                return given.rpartition("/")[2].rpartition(":")[2] or given
        return self._job.name()

    def _described(self, pointer: str) -> Mapping[str, Any]:
        """What the schema says of a property, whatever it refers to."""
        at: Any = self._published
        for part in pointer.split("/"):
            at = self._resolved(at).get("properties", {}).get(part, {})
        return self._resolved(at)

    def _resolved(self, described: Any) -> Mapping[str, Any]:
        for _ in range(5):
            reference = described.get("$ref", "") if isinstance(described, Mapping) else ""
            if not reference.startswith("#/definitions/"):
                break
            described = self._published.get("definitions", {}).get(reference[14:], {})
        return described if isinstance(described, Mapping) else {}


_EC2 = {"securitygroup": "sg", "routetable": "rtb", "internetgateway": "igw", "volume": "vol"}


def _words(type: str, published: Mapping[str, Any]) -> tuple[str, str]:
    """A type's service, as ARNs call it, and its own word in lower case.

    The permissions that making one takes name the service as ARNs do.
    """
    _, service, kind = type.lower().split("::")[:3]
    needed = published.get("handlers", {}).get("create", {}).get("permissions", ())
    heads = [head.lower() for head, _, _ in (each.partition(":") for each in needed)]
    like = (head for head in heads if _alike(head, service))
    others = (head for head in heads if head not in _USED_BY_ALL)
    return next(like, next(others, service)), kind


_USED_BY_ALL = ("ec2", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "ssm")


def _alike(head: str, service: str) -> bool:
    plain = head.replace("-", "")
    return plain.startswith(service) or service.startswith(plain)


def _hyphened(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", word).lower()


def _uuid(digits: str) -> str:
    """As random ones are: of version 4."""
    parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:32])
    return "-".join(parts)


def _fits(text: str, described: Mapping[str, Any]) -> bool:
    if not described.get("minLength", 0) <= len(text) <= described.get("maxLength", 2048):
        return False
    try:
        return re.search(described.get("pattern", ""), text) is not None
    except re.error:  # not Python's dialect
        return True
