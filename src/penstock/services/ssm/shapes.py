"""A parameter's row in the API's shapes."""

from __future__ import annotations

import base64
from typing import Any

from penstock.services.service import Answer
from penstock.services.ssm.names import resource
from penstock.state.calls import Call
from penstock.store.sealing import Sealer


def about(account: str, region: str, name: str, version: int) -> str:
    """What a sealed value is bound to."""
    return f"ssm:{account}:{region}:{name}:{version}"


def value_of(row: Any, sealer: Sealer, decrypt: bool) -> str:
    """A SecureString is ciphertext unless its decryption is asked for (TG-077)."""
    if row.sealed is None:
        return str(row.value)
    if not decrypt:
        return base64.b64encode(row.sealed).decode()
    return sealer.unseal(row.sealed, about(row.account, row.region, row.name, row.version)).decode()


def parameter(call: Call, row: Any, sealer: Sealer, decrypt: bool, selector: str = "") -> Answer:
    shape = {
        "Name": row.name,
        "Type": row.type,
        "Value": value_of(row, sealer, decrypt),
        "Version": row.version,
        "LastModifiedDate": row.modified,
        "ARN": call.arn(resource(row.name)),
        "DataType": row.data_type,
    }
    return shape | {"Selector": selector} if selector else shape


def metadata(call: Call, row: Any) -> Answer:
    """All of a version but its value; what it lacks is absent."""
    shape = {
        "Name": row.name,
        "Type": row.type,
        "KeyId": row.key_id,
        "LastModifiedDate": row.modified,
        "LastModifiedUser": row.modified_by,
        "Description": row.description,
        "AllowedPattern": row.allowed_pattern,
        "Version": row.version,
        "Tier": row.tier,
        "Policies": [],
        "DataType": row.data_type,
    }
    return {member: value for member, value in shape.items() if value is not None}
