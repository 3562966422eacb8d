"""Tags of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from penstock.errors import AwsError, not_implemented
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import parameters as rows

MOST_TAGS = 50
Tagged = dict[str, str]


class Tags(Service):
    async def add_tags_to_resource(self, call: Call, request: Request) -> Answer:
        added = read_tags(request["Tags"])
        await self._change(call, request, lambda tags: tags | added)
        return {}

    async def remove_tags_from_resource(self, call: Call, request: Request) -> Answer:
        gone = set(request["TagKeys"])
        await self._change(
            call, request, lambda tags: {key: tags[key] for key in tags if key not in gone}
        )
        return {}

    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        tags = await self._change(call, request, lambda tags: tags)
        return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def _change(
        self, call: Call, request: Request, change: Callable[[Tagged], Tagged]
    ) -> Tagged:
        if request["ResourceType"] != "Parameter":
            raise not_implemented(f"ssm.{call.operation} of a {request['ResourceType']}")
        name = request["ResourceId"]
        async with self.store.database.transaction() as connection:
            row = await rows.lock(connection, call.account, call.region, name)
            if row is None:
                raise AwsError("InvalidResourceId", f"There is no parameter {name}.")
            tags = change(row.tags)
            if len(tags) > MOST_TAGS:
                raise AwsError("TooManyTagsError", f"A parameter has at most {MOST_TAGS} tags.")
            if tags != row.tags:
                await rows.set_tags(connection, call.account, call.region, name, Jsonb(tags))
        return tags


def read_tags(tags: Sequence[Mapping[str, Any]]) -> Tagged:
    return {tag["Key"]: tag["Value"] for tag in tags}
