"""Tags of secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import AwsError
from penstock.services.secretsmanager.names import Named
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import secrets as rows

MOST_TAGS = 50


class Tags(Named):
    async def tag_resource(self, call: Call, request: Request) -> Answer:
        added = read_tags(request["Tags"])
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            await rows.set_tags(connection, row.id, _checked(row.tags | added))
        return {}

    async def untag_resource(self, call: Call, request: Request) -> Answer:
        async with self.store.database.transaction() as connection:
            row = await self.live(connection, call, request["SecretId"])
            left = {key: row.tags[key] for key in row.tags if key not in request["TagKeys"]}
            await rows.set_tags(connection, row.id, left)
        return {}


def read_tags(tags: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Raises AwsError."""
    for tag in tags:
        if not tag.get("Key") or tag["Key"].lower().startswith("aws:"):
            raise AwsError(
                "InvalidParameterException",
                "Tag keys must have characters, and can't begin with the reserved prefix aws:.",
            )
    return _checked({tag["Key"]: tag.get("Value", "") for tag in tags})


def _checked(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise AwsError("InvalidParameterException", f"A secret has at most {MOST_TAGS} tags.")
    return tags
