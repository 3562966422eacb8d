"""Secrets made, described, changed, deleted and restored."""

from __future__ import annotations

import secrets as randomness
import string
from datetime import timedelta
from typing import Any
from uuid import uuid4

from penstock.decide.secret_stages import CURRENT
from penstock.errors import AwsError, not_implemented
from penstock.services.secretsmanager.content import read_content
from penstock.services.secretsmanager.names import arn, check_name, not_found, read_identity
from penstock.services.secretsmanager.shapes import description
from penstock.services.secretsmanager.tags import read_tags
from penstock.services.secretsmanager.values import Values
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import secrets as rows
from penstock.store.database import Connection

WINDOW = range(7, 31)  # days
DEFAULT_WINDOW = 30


class Secrets(Values):
    async def create_secret(self, call: Call, request: Request) -> Answer:
        if request.get("AddReplicaRegions"):
            raise not_implemented("secretsmanager.CreateSecret AddReplicaRegions")
        name, content = request["Name"], read_content(request)
        check_name(name)
        tags = read_tags(request.get("Tags", []))
        token = request.get("ClientRequestToken") or str(uuid4())
        async with self.store.database.transaction() as connection:
            row = await self._made(connection, call, name)
            if row is None:
                return await self._made_before(connection, call, request, token)
            await rows.describe(
                connection, row.id, request.get("Description"), request.get("KmsKeyId"), call.now
            )
            await rows.set_tags(connection, row.id, tags)
            answer = {"ARN": arn(call, row), "Name": name}
            if content is not None:
                await self.put(connection, call, row, content, token, [CURRENT])
                answer["VersionId"] = token
        return answer

    async def _made(self, connection: Connection, call: Call, name: str) -> Any | None:
        suffix = "".join(randomness.choice(string.ascii_letters + string.digits) for _ in range(6))
        where = (call.account, call.region, name)
        row = await rows.create(connection, *where, suffix, call.now)
        if row is not None:
            return row
        old = await rows.find(connection, *where[:2], read_identity(name), lock=True)
        if old is None or not old.purged or old.purged > call.now:
            return None
        await rows.remove(connection, old.id)  # its window is over; only the sweep was not here yet
        return await rows.create(connection, *where, suffix, call.now)

    async def _made_before(
        self, connection: Connection, call: Call, request: Request, token: str
    ) -> Answer:
        """The same call again is answered as the first (TG-082); raises AwsError for another."""
        row = await self.locked(connection, call, request["Name"])
        if row.deleted:
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled"
                " for deletion.",
            )
        content = read_content(request)
        if content is not None and await self.is_same(connection, row, content, token):
            return {"ARN": arn(call, row), "Name": row.name, "VersionId": token}
        raise AwsError(
            "ResourceExistsException",
            f"The operation failed because the secret {row.name} already exists.",
        )

    async def update_secret(self, call: Call, request: Request) -> Answer:
        content = read_content(request)
        token = request.get("ClientRequestToken") or str(uuid4())
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            await rows.describe(
                connection, row.id, request.get("Description"), request.get("KmsKeyId"), call.now
            )
            answer = {"ARN": arn(call, row), "Name": row.name}
            if content is not None:
                await self.put(connection, call, row, content, token, [CURRENT])
                answer["VersionId"] = token
        return answer

    async def describe_secret(self, call: Call, request: Request) -> Answer:
        row = await rows.find(
            self.store.database, call.account, call.region, read_identity(request["SecretId"])
        )
        if row is None:
            raise not_found()
        versions = await rows.versions(self.store.database, [row.id])
        stages = {version.version_id: version.stages for version in versions if version.stages}
        return description(call, row) | {"VersionIdsToStages": stages}

    async def delete_secret(self, call: Call, request: Request) -> Answer:
        """TG-086"""
        forced, days = (
            request.get("ForceDeleteWithoutRecovery"),
            request.get("RecoveryWindowInDays"),
        )
        _check_window(forced, days)
        async with self.store.database.transaction() as connection:
            try:
                row = await self.locked(connection, call, request["SecretId"])
            except AwsError:
                if not forced:
                    raise
                # AWS answers this as a success: what shall be gone is gone.
                name = read_identity(request["SecretId"]).whole
                return {"ARN": call.arn(f"secret:{name}"), "Name": name, "DeletionDate": call.now}
            if forced:
                await rows.remove(connection, row.id)
                return {"ARN": arn(call, row), "Name": row.name, "DeletionDate": call.now}
            if row.deleted:
                raise AwsError(
                    "InvalidRequestException",
                    "You tried to perform the operation on a secret that's currently marked"
                    " deleted.",
                )
            purged = call.now + timedelta(days=DEFAULT_WINDOW if days is None else days)
            await rows.set_deletion(connection, row.id, call.now, purged)
        return {"ARN": arn(call, row), "Name": row.name, "DeletionDate": purged}

    async def restore_secret(self, call: Call, request: Request) -> Answer:
        async with self.store.database.transaction() as connection:
            row = await self.locked(connection, call, request["SecretId"])
            await rows.set_deletion(connection, row.id, None, None)
        return {"ARN": arn(call, row), "Name": row.name}


def _check_window(forced: bool | None, days: int | None) -> None:
    if forced and days is not None:
        raise AwsError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and days not in WINDOW:
        raise AwsError(
            "InvalidParameterException",
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )
