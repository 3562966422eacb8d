"""Names in EventBridge's requests, and the errors of what is not there."""

from __future__ import annotations

import re

from penstock.errors import AwsError, not_implemented
from penstock.state.calls import Call
from penstock.store.event_rules import RuleName
from penstock.store.events import DEFAULT_BUS

_NAME = re.compile(r"[.\-_A-Za-z0-9]+")
_BUS = re.compile(r"[/.\-_A-Za-z0-9]+")
_BUS_ARN = re.compile(
    r"arn:aws[\w-]*:events:([a-z0-9-]+):([0-9]{12}):event-bus/([/.\-_A-Za-z0-9]+)"
)
_BUS_OR_ARN = (
    r"(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+"
)
STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def too_many() -> AwsError:
    return AwsError(
        "LimitExceededException", "The requested resource exceeds the maximum number allowed."
    )


def bus_missing(bus: str) -> AwsError:
    return not_found(f"Event bus {bus} does not exist.")


def rule_missing(rule: RuleName) -> AwsError:
    return not_found(f"Rule {rule.name} does not exist on EventBus {rule.bus}.")


def unsatisfied(value: str, member: str, pattern: str) -> AwsError:
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint:"
        f" Member must satisfy regular expression pattern: {pattern}"
    )


def check_name(value: str, member: str) -> str:
    if not _NAME.fullmatch(value):
        raise unsatisfied(value, member, r"[\.\-_A-Za-z0-9]+")
    return value


def check_bus_name(value: str) -> str:
    if not _BUS.fullmatch(value):
        raise unsatisfied(value, "name", r"[/\.\-_A-Za-z0-9]+")
    return value


def read_bus(call: Call, given: str | None, member: str = "eventBusName") -> str:
    """The name of a bus of this account and region that a name or an ARN means."""
    if not given:
        return DEFAULT_BUS
    if not given.startswith("arn:"):
        if not _BUS.fullmatch(given):
            raise unsatisfied(given, member, _BUS_OR_ARN)
        return given
    found = _BUS_ARN.fullmatch(given)
    if found is None:
        raise unsatisfied(given, member, _BUS_OR_ARN)
    region, account, name = found.groups()
    if account != call.account:
        raise not_implemented("events across accounts")
    if region != call.region:
        raise bus_missing(name)
    return name


def rule_name(call: Call, name: str, bus: str | None, member: str = "name") -> RuleName:
    return RuleName(call.account, call.region, read_bus(call, bus), check_name(name, member))


def bus_arn(call: Call, name: str) -> str:
    return call.arn(f"event-bus/{name}")
