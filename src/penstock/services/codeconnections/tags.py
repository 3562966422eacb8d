"""Tags of connections and hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.errors import AwsError
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import connections_to_git as rows

MOST_TAGS = 200


class Tags(Service):
    async def tag_resource(self, call: Call, request: Request) -> Answer:
        await self._change(call, request["ResourceArn"], read_tags(request["Tags"]), [])
        return {}

    async def untag_resource(self, call: Call, request: Request) -> Answer:
        await self._change(call, request["ResourceArn"], {}, request["TagKeys"])
        return {}

    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        tags = await self._change(call, request["ResourceArn"], {}, [])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def _change(
        self, call: Call, arn: str, put: Mapping[str, str], gone: list[str]
    ) -> Mapping[str, str]:
        async with self.store.database.transaction() as connection:
            tags = await rows.change_tags(connection, call.account, arn, put, gone)
            if tags is None:
                raise missing(f"Resource not found: {arn}")
            _check(tags)
        return tags


def read_tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Raises AwsError."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    _check(found)
    return found


def _check(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise AwsError("LimitExceededException", f"A resource has at most {MOST_TAGS} tags.")


def missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)
