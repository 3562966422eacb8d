"""The secrets of Secrets Manager that go with a connection: of its account, in its Region."""

from __future__ import annotations

from datetime import datetime

from penstock.services.secretsmanager import SecretsManager
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.connections_to_git import GitConnection


async def secret_text(store: Store, connection: GitConnection, name: str, now: datetime) -> str:
    """Raises AwsError where there is none."""
    account = connection.account
    principal = Principal(account, f"arn:aws:iam::{account}:root", account)
    call = Call("secretsmanager", "GetSecretValue", principal, connection.region, "", now, "")
    found = await SecretsManager(store).get_secret_value(call, {"SecretId": name})
    return str(found.get("SecretString", "")).strip()
