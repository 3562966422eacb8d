"""Names and ARNs of groups and streams, and what a caller may write for them (TG-046)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from penstock.errors import AwsError
from penstock.services.service import Request
from penstock.state.calls import Call
from penstock.store import Store, log_groups, log_streams

_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_STREAM = re.compile(r"[^:*]{1,512}")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def unsatisfied(value: object, member: str, constraint: str) -> AwsError:
    """In AWS's words for a value that the model forbids."""
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
        f" constraint: Member must satisfy {constraint}"
    )


def one_of(value: str, member: str, values: tuple[str, ...]) -> str:
    if value not in values:
        raise unsatisfied(value, member, f"enum value set: [{', '.join(values)}]")
    return value


def check_group(name: str, member: str = "logGroupName") -> str:
    if not _GROUP.fullmatch(name):
        raise unsatisfied(name, member, r"regular expression pattern: [\.\-_/#A-Za-z0-9]+")
    return name


def check_stream(name: str, member: str = "logStreamName") -> str:
    if not _STREAM.fullmatch(name):
        raise unsatisfied(name, member, "regular expression pattern: [^:*]*")
    return name


def group_arn(call: Call, name: str) -> str:
    """Without the `:*` that stands for its streams."""
    return call.arn(f"log-group:{name}")


def group_of_arn(call: Call, arn: str, member: str) -> str:
    """The name in an ARN of a group of the caller's, with or without `:*`."""
    parts = arn.split(":", 6)
    if len(parts) < 7 or parts[2] != "logs" or parts[5] != "log-group":
        raise invalid(f"The specified {member} is not valid: {arn}")
    if parts[3] != call.region or parts[4] != call.account:
        raise group_missing()
    return check_group(parts[6].removesuffix(":*"), member)


def group_of(call: Call, identifier: str, member: str) -> str:
    """The name of a group that is given by name or by ARN."""
    if identifier.startswith("arn:"):
        return group_of_arn(call, identifier, member)
    return check_group(identifier, member)


def group_name(call: Call, request: Request) -> str:
    """The group of a request that has either `logGroupName` or `logGroupIdentifier`."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if name is not None and identifier is None:
        return check_group(name)
    if identifier is not None and name is None:
        return group_of(call, identifier, "logGroupIdentifier")
    raise invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.")


def group_missing() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log group does not exist.")


def stream_missing() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log stream does not exist.")


async def find_group(store: Store, call: Call, name: str) -> Any:
    group = await log_groups.find(store.database, call.account, call.region, name)
    if group is None:
        raise group_missing()
    return group


async def find_stream(store: Store, call: Call, group: str, name: str) -> Any:
    """The stream's row with `group_id` and `retention_days` of its group."""
    found = await log_streams.find(store.database, call.account, call.region, group, name)
    if found is None:
        raise group_missing()
    if found.id is None:
        raise stream_missing()
    return found


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
