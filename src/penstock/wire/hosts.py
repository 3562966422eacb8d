"""Host names: which are ours, and which name a bucket."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

_AWS_S3 = re.compile(r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.(?P<rest>.+)")
_PORT = re.compile(r":[0-9]+$")


class Host(NamedTuple):
    """`name` is without its port. `bucket` is "" where the name has none."""

    name: str
    ours: bool
    bucket: str


@lru_cache(1024)
def read_host(header: str, names: tuple[str, ...]) -> Host:
    """What a Host header says, where `names` are ours besides those of the loopback.

    Addresses are ours too: no page's own name can be made to be one. Buckets stand before a name
    of ours, or before `s3` or `s3.REGION` of any name.
    """
    name = _PORT.sub("", header.strip().lower()).rstrip(".")
    if name == "localhost" or name in names or _is_address(name):
        return Host(name, True, "")
    parent = next((known for known in ("localhost", *names) if name.endswith(f".{known}")), None)
    of_s3 = _AWS_S3.fullmatch(name)
    if of_s3:
        return Host(name, parent is not None, of_s3["bucket"] or "")
    bucket = name[: -len(parent) - 1] if parent else ""
    return Host(name, parent is not None, bucket)


@lru_cache(1024)
def is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return address == "localhost"
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
