"""What is kept of stacks, sealed as JSON, as any of it may hold a secret."""

from __future__ import annotations

import json
from typing import Any

from penstock.state.plain_records import plain, record_of
from penstock.state.recorded_stacks import Plan
from penstock.state.stack_operations import NO_RESOURCES
from penstock.state.stacks import Definition
from penstock.store.sealing import Sealer

__all__ = ["plain", "read_definition", "read_settings", "seal", "settings_of", "unseal"]


def seal(sealer: Sealer, value: Any, about: str) -> bytes:
    return sealer.seal(json.dumps(plain(value), separators=(",", ":")).encode(), about)


def unseal(sealer: Sealer, sealed: bytes, about: str) -> Any:
    """What JSON has; `record_of` makes the record of it. Raises SealError."""
    return json.loads(sealer.unseal(bytes(sealed), about))


def read_definition(value: Any) -> Definition:
    return record_of(Definition, value)


def settings_of(plan: Plan) -> Plan:
    """Everything of a plan but its definition and its templates."""
    return plan._replace(definition=NO_RESOURCES, template="", processed="")


def read_settings(value: Any) -> Plan:
    return record_of(Plan, value)
