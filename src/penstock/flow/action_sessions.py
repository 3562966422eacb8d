"""The session of its role that an action has."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256

from penstock.state.calls import Principal
from penstock.state.recorded_pipelines import Start


def session_of(start: Start) -> Principal:
    """Of the action's role, else the pipeline's.

    It is of the pipeline's account whatever the role's ARN says: declarations come from other
    accounts, and roles are not looked up here.
    """
    role = start.action.role_arn or start.pipeline.role_arn
    account, session = start.name.account, start.id.hex
    unique = "AROA" + b32encode(sha256(role.encode()).digest()).decode()[:17]
    arn = f"arn:aws:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{session}"
    return Principal(account, arn, f"{unique}:{session}")
