"""A secret's row in the API's shapes."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from penstock.services.secretsmanager.names import arn
from penstock.services.service import Answer
from penstock.state.calls import Call


def description(call: Call, row: Any) -> Answer:
    """What it lacks is absent."""
    shape = {
        "ARN": arn(call, row),
        "Name": row.name,
        "Description": row.description,
        "KmsKeyId": row.kms_key_id,
        "LastChangedDate": row.changed,
        "LastAccessedDate": datetime.combine(row.accessed, time(), UTC) if row.accessed else None,
        "DeletedDate": row.deleted,
        "Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()],
        "CreatedDate": row.created,
    }
    return {member: value for member, value in shape.items() if value is not None}
