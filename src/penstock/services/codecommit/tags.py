"""Tags of repositories."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from penstock.errors import AwsError
from penstock.services.codecommit.hosted import Hosted
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import repositories as rows

MOST_TAGS = 50
_KEY, _VALUE = 128, 256  # characters


class Tags(Hosted):
    async def tag_resource(self, call: Call, request: Request) -> None:
        added = request["tags"]
        check_tags(added)
        await self._change(call, request, lambda tags: {**tags, **added})

    async def untag_resource(self, call: Call, request: Request) -> None:
        gone = set(request["tagKeys"])
        await self._change(
            call, request, lambda tags: {key: tags[key] for key in tags if key not in gone}
        )

    async def list_tags_for_resource(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, read_arn(call, request["resourceArn"]))
        return {"tags": dict(found.tags)}

    async def _change(
        self,
        call: Call,
        request: Request,
        change: Callable[[Mapping[str, str]], dict[str, str]],
    ) -> None:
        found = await self.find(call, read_arn(call, request["resourceArn"]))
        async with self.store.database.transaction() as connection:
            row = await rows.lock_repository(connection, found.id)
            if row is None:
                return
            tags = change(row.tags)
            check_tags(tags)
            await rows.set_tags(connection, row.id, tags)


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises AwsError."""
    if len(tags) > MOST_TAGS:
        raise AwsError("TooManyTagsException", f"A repository has at most {MOST_TAGS} tags.")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidSystemTagUsageException", f"{key}: aws: is reserved for AWS.")
        if not 0 < len(key) <= _KEY or len(value) > _VALUE:
            raise AwsError("InvalidTagsMapException", f"The tag {key!r} is too long, or empty.")


def read_arn(call: Call, arn: str) -> str:
    """The name in a repository's ARN, which is of the caller's account and region."""
    prefix = call.arn("")
    if not arn.startswith(prefix) or not arn.removeprefix(prefix):
        raise AwsError(
            "InvalidResourceArnException", f"The value for the resource ARN is not valid: {arn}"
        )
    return arn.removeprefix(prefix)
