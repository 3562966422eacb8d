"""Values of secrets: read, added, and moved between stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from penstock.decide.secret_stages import CURRENT, move_stages, take_stage
from penstock.errors import AwsError
from penstock.services.secretsmanager.content import Content, about, read_content, shown
from penstock.services.secretsmanager.names import (
    Named,
    arn,
    marked_deleted,
    not_found,
    read_identity,
)
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import secrets as rows
from penstock.store.database import Connection

MOST_STAGES = 20


class Values(Named):
    async def get_secret_value(self, call: Call, request: Request) -> Answer:
        """TG-083"""
        version_id, stage = request.get("VersionId", ""), request.get("VersionStage", "")
        wanted = stage or ("" if version_id else CURRENT)
        identity = read_identity(request["SecretId"])
        row = await rows.find_version(
            self.store.database, call.account, call.region, identity, wanted, version_id
        )
        if row is None or (row.purged and row.purged <= call.now):
            raise not_found()
        if row.deleted:
            raise marked_deleted()
        if row.version_id is None:
            raise await self._no_version(row.id, wanted, version_id)
        if row.accessed != call.now.date():
            await rows.touch(self.store.database, row.id, call.now)
        return {
            "ARN": arn(call, row),
            "Name": row.name,
            "VersionId": row.version_id,
            **shown(row, row.id, self.store.sealer),
            "VersionStages": row.stages,
            "CreatedDate": row.version_created,
        }

    async def _no_version(self, secret: int, stage: str, version_id: str) -> AwsError:
        if stage and version_id:
            versions = await rows.versions(self.store.database, [secret])
            if any(version.version_id == version_id for version in versions):
                return AwsError(
                    "InvalidRequestException",
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                )
        which = f"VersionId: {version_id}" if version_id else f"staging label: {stage}"
        return AwsError(
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for {which}",
        )

    async def batch_get_secret_value(self, call: Call, request: Request) -> Answer:
        """Those that cannot be read are named with their errors; the others are answered."""
        if request.get("Filters"):
            raise AwsError(
                "InvalidParameterException", "Filters are not supported: name the secrets."
            )
        values, errors = [], []
        for text in request.get("SecretIdList", []):
            try:
                values.append(await self.get_secret_value(call, {"SecretId": text}))
            except AwsError as error:
                errors.append({"SecretId": text, "ErrorCode": error.code, "Message": error.message})
        return {"SecretValues": values, "Errors": errors}

    async def put_secret_value(self, call: Call, request: Request) -> Answer:
        """TG-082"""
        content = read_content(request)
        if content is None:
            raise AwsError(
                "InvalidRequestException",
                "You must provide either SecretString or SecretBinary.",
            )
        token = request.get("ClientRequestToken") or str(uuid4())
        stages = list(dict.fromkeys(request.get("VersionStages", [CURRENT])))
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            after = await self.put(connection, call, row, content, token, stages)
        return {
            "ARN": arn(call, row),
            "Name": row.name,
            "VersionId": token,
            "VersionStages": after,
        }

    async def put(
        self,
        connection: Connection,
        call: Call,
        row: Any,
        content: Content,
        version_id: str,
        stages: Sequence[str],
    ) -> list[str]:
        """Adds a version to a locked secret and returns its stages; raises AwsError."""
        if not await self.is_same(connection, row, content, version_id):
            sealed = self.store.sealer.seal(content.data, about(row.id, version_id))
            await rows.add_version(
                connection, row.id, version_id, sealed, content.is_text, call.now
            )
        have = await self._stages(connection, row.id)
        if not any(have.values()):
            stages = list(dict.fromkeys((*stages, CURRENT)))  # the first is always current
        after = move_stages(have, version_id, stages)
        await self._set_stages(connection, call, row.id, have, after)
        return after[version_id]

    async def is_same(
        self, connection: Connection, row: Any, content: Content, version_id: str
    ) -> bool:
        """Whether the version is there with this content; raises AwsError if with another."""
        old = await rows.find_content(connection, row.id, version_id)
        if old is None:
            return False
        data = self.store.sealer.unseal(old.sealed, about(row.id, version_id))
        if Content(data, old.is_text) == content:
            return True
        raise AwsError(
            "ResourceExistsException",
            f"You can't use ClientRequestToken {version_id} because that value is already in use"
            f" for a version of secret {row.name}.",
        )

    async def update_secret_version_stage(self, call: Call, request: Request) -> Answer:
        stage, to = request["VersionStage"], request.get("MoveToVersionId")
        origin = request.get("RemoveFromVersionId")
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            have = await self._stages(connection, row.id)
            _check_move(have, stage, origin, to)
            after = move_stages(have, to, [stage]) if to else take_stage(have, origin or "", stage)
            await self._set_stages(connection, call, row.id, have, after)
        return {"ARN": arn(call, row), "Name": row.name}

    async def _stages(self, connection: Connection, secret: int) -> dict[str, list[str]]:
        return {row.version_id: row.stages for row in await rows.versions(connection, [secret])}

    async def _set_stages(
        self,
        connection: Connection,
        call: Call,
        secret: int,
        have: dict[str, list[str]],
        after: dict[str, list[str]],
    ) -> None:
        if any(len(stages) > MOST_STAGES for stages in after.values()):
            raise AwsError(
                "LimitExceededException",
                f"A version can have at most {MOST_STAGES} staging labels.",
            )
        changed = {key: stages for key, stages in after.items() if stages != have.get(key)}
        if changed:
            await rows.set_stages(connection, secret, changed, call.now)


def _check_move(have: dict[str, list[str]], stage: str, origin: str | None, to: str | None) -> None:
    """Raises AwsError for a move from where the stage is not, or that leaves nothing current."""
    for version_id in (origin, to):
        if version_id is not None and version_id not in have:
            raise AwsError(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value for VersionId:"
                f" {version_id}",
            )
    holder = next((version_id for version_id in have if stage in have[version_id]), None)
    if holder is not None and origin is None and holder != to:
        raise AwsError(
            "InvalidParameterException",
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently"
            f" attached to version {holder}, so you must explicitly reference that version in"
            " RemoveFromVersionId.",
        )
    if origin is not None and holder != origin:
        raise AwsError(
            "InvalidParameterException",
            f"The staging label {stage} isn't attached to version {origin}.",
        )
    if to is None and stage == CURRENT:
        raise AwsError(
            "InvalidParameterException",
            f"You can only move staging label {CURRENT} to a different secret version. It"
            " can't be completely removed.",
        )
