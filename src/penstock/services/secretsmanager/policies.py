"""Resource policies of secrets: kept as they are put; calls are not checked against them."""

from __future__ import annotations

import json

from penstock.errors import AwsError
from penstock.services.secretsmanager.names import Named, arn, not_found, read_identity
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import secrets as rows


class Policies(Named):
    async def put_resource_policy(self, call: Call, request: Request) -> Answer:
        _check(request["ResourcePolicy"])
        return await self._set(call, request, request["ResourcePolicy"])

    async def delete_resource_policy(self, call: Call, request: Request) -> Answer:
        return await self._set(call, request, None)

    async def _set(self, call: Call, request: Request, policy: str | None) -> Answer:
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            await rows.set_policy(connection, row.id, policy)
        return {"ARN": arn(call, row), "Name": row.name}

    async def get_resource_policy(self, call: Call, request: Request) -> Answer:
        row = await rows.find(
            self.store.database, call.account, call.region, read_identity(request["SecretId"])
        )
        if row is None:
            raise not_found()
        policy = {"ResourcePolicy": row.policy} if row.policy else {}
        return {"ARN": arn(call, row), "Name": row.name, **policy}


def _check(policy: str) -> None:
    """Raises AwsError for what is not a JSON object with statements."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise AwsError(
            "MalformedPolicyDocumentException",
            "This resource policy contains invalid Json or has no Statement.",
        )
