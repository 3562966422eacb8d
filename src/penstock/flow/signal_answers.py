"""What becomes of what is written to a stack's address: pure, from the text to a task's outcome.

A wait condition's handle is written signals (`Status`, `UniqueId`, `Reason`, `Data`), the address
that a custom resource was given is written one answer (`Status`, `PhysicalResourceId`, `Data`, …).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import AwsError
from penstock.state.stacks import Made, NotMade
from penstock.store.signals import Signal, Wait

SUCCESS, FAILURE, FAILED = "SUCCESS", "FAILURE", "FAILED"
LONGEST = 4096  # bytes of a custom resource's answer
_SAME = ("StackId", "RequestId", "LogicalResourceId")


def read_signal(body: bytes) -> Signal:
    """Raises AwsError for what is no signal."""
    found = _read(body)
    status, unique_id = found.get("Status"), found.get("UniqueId")
    if status not in (SUCCESS, FAILURE):
        raise _malformed(f"Status must be {SUCCESS} or {FAILURE}")
    if not isinstance(unique_id, str) or not unique_id:
        raise _malformed("UniqueId must be a text that is not empty")
    return Signal(unique_id, status, _text(found.get("Reason")), _text(found.get("Data")))


def outcome_of_wait(wait: Wait, signals: Sequence[Signal]) -> Made | NotMade | None:
    """None while it waits on."""
    for signal in signals:
        if signal.status != SUCCESS:
            reason = f"WaitCondition received failed message: '{signal.reason}'"
            return NotMade(f"{reason} for uniqueId: {signal.unique_id}", wait.physical_id)
    if len(signals) < wait.signals:
        return None
    data = {signal.unique_id: signal.data for signal in signals}
    return Made(wait.physical_id, {"Data": json.dumps(data, separators=(",", ":"))})


def outcome_of_answer(expected: Mapping[str, Any], body: bytes) -> Made | NotMade:
    """Of a custom resource's answer. `expected` has RequestType, StackId, RequestId,
    LogicalResourceId, and PhysicalResourceId where there is one. Raises AwsError for what is no
    answer to that, which leaves the resource waiting."""
    there = str(expected.get("PhysicalResourceId", ""))
    if len(body) > LONGEST:
        return NotMade("Response object is too long.", there)
    found = _read(body)
    for name in _SAME:
        if name in found and found[name] != expected[name]:
            raise _malformed(f"{name} is not that of the request")
    physical_id = found.get("PhysicalResourceId") or there
    if not isinstance(physical_id, str):
        raise _malformed("PhysicalResourceId must be a text")
    status = found.get("Status")
    if status == FAILED:
        return NotMade(_failed(found, expected), physical_id)
    if status != SUCCESS:
        raise _malformed(f"Status must be {SUCCESS} or {FAILED}")
    data = found.get("Data") or {}
    if not physical_id or not isinstance(data, Mapping):
        what = "Data" if physical_id else "PhysicalResourceId"
        return NotMade(f"Invalid {what} in the response of the custom resource", there)
    return Made(physical_id, dict(data))


def _failed(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    return (
        "Received response status [FAILED] from custom resource."
        f" Message returned: {_text(found.get('Reason'))}"
        f" (RequestId: {expected['RequestId']})"
    )


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise _malformed("It must be a JSON object")
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _malformed(why: str) -> AwsError:
    return AwsError("ValidationError", f"The signal is malformed: {why}")
