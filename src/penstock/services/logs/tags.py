"""Tags of log groups, by name as of old or by ARN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.errors import AwsError
from penstock.services.logs.names import check_group, find_group, group_missing, group_of_arn
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import log_groups

MOST_TAGS = 50


class Tags(Service):
    async def tag_resource(self, call: Call, request: Request) -> None:
        name = group_of_arn(call, request["resourceArn"], "resourceArn")
        await self._tag(call, name, request["tags"])

    async def untag_resource(self, call: Call, request: Request) -> None:
        name = group_of_arn(call, request["resourceArn"], "resourceArn")
        await self._untag(call, name, request["tagKeys"])

    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        name = group_of_arn(call, request["resourceArn"], "resourceArn")
        return {"tags": (await find_group(self.store, call, name)).tags}

    async def tag_log_group(self, call: Call, request: Request) -> None:
        await self._tag(call, check_group(request["logGroupName"]), request["tags"])

    async def untag_log_group(self, call: Call, request: Request) -> None:
        await self._untag(call, check_group(request["logGroupName"]), request["tags"])

    async def list_tags_log_group(self, call: Call, request: Request) -> Answer:
        name = check_group(request["logGroupName"])
        return {"tags": (await find_group(self.store, call, name)).tags}

    async def _tag(self, call: Call, name: str, tags: Mapping[str, str]) -> None:
        place = (call.account, call.region, name)
        if await log_groups.add_tags(self.store.database, *place, tags, MOST_TAGS):
            return
        await find_group(self.store, call, name)
        raise AwsError(
            "TooManyTagsException", f"A resource can have no more than {MOST_TAGS} tags."
        )

    async def _untag(self, call: Call, name: str, keys: Sequence[str]) -> None:
        place = (call.account, call.region, name)
        if not await log_groups.remove_tags(self.store.database, *place, keys):
            raise group_missing()
