"""Connections to providers of repositories, and their hosts, by either of AWS's names for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Answer, Handler, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import unless_gone
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change, tags_of

ABSENT = "ResourceNotFoundException"
_STACK, _RESOURCE = "aws:cloudformation:stack-id", "aws:cloudformation:logical-id"


class _Tagged:
    """Names need not be other ones here than others'. So what has been made is known again by tags
    that say of which resource of which stack it is."""

    def __init__(self, service: str) -> None:
        self.service = service

    def tags(self, job: Job) -> list[dict[str, str]]:
        own = {_STACK: job.stack.arn, _RESOURCE: job.task.logical_id}
        return as_list({**tags_of(job), **own})

    async def is_ours(self, job: Job, arn: str) -> bool:
        found = await job.cloud.ask(self.service, "ListTagsForResource", ResourceArn=arn)
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        own = (job.stack.arn, job.task.logical_id)
        return (tags.get(_STACK), tags.get(_RESOURCE)) == own

    async def tag(self, job: Job) -> None:
        change, about = tag_change(job), {"ResourceArn": job.physical_id}
        if change.gone:
            await job.cloud.ask(self.service, "UntagResource", **about, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask(self.service, "TagResource", **about, Tags=tags)

    async def made_before(
        self, job: Job, operation: str, members: tuple[str, str], alike: Mapping[str, Any]
    ) -> str:
        """The ARN of what an earlier attempt at this task has made, or ""; `members` are the
        listing's, and the one with the ARN."""
        token: dict[str, Any] = {}
        while job.again:
            page = await job.cloud.ask(self.service, operation, **token)
            for one in page[members[0]]:
                same = all(one.get(name) == value for name, value in alike.items())
                if same and await self.is_ours(job, one[members[1]]):
                    return str(one[members[1]])
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        return ""


class Connection(_Tagged):
    TAKEN = ("ConnectionName", "HostArn", "ProviderType")

    async def create(self, job: Job) -> Outcome:
        asked = request_of(
            self.service, "CreateConnectionInput", job.properties, self.TAKEN, ("Tags",)
        )
        members = ("Connections", "ConnectionArn")
        arn = await self.made_before(job, "ListConnections", members, asked)
        if not arn:
            asked["Tags"] = self.tags(job)
            made = await job.cloud.ask(self.service, "CreateConnection", **asked)
            arn = made["ConnectionArn"]
        return await self._made(job, arn)

    async def update(self, job: Job) -> Outcome:
        await self.tag(job)
        return await self._made(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        asked = {"ConnectionArn": job.physical_id}
        await unless_gone(job.cloud.ask(self.service, "DeleteConnection", **asked), ABSENT)
        return Made(job.physical_id)

    async def _made(self, job: Job, arn: str) -> Made:
        found = await job.cloud.ask(self.service, "GetConnection", ConnectionArn=arn)
        about = found["Connection"]
        names = ("ConnectionArn", "ConnectionStatus", "OwnerAccountId")
        return Made(arn, {name: about[name] for name in names})


class Host(_Tagged):
    TAKEN = ("Name", "ProviderEndpoint", "ProviderType", "VpcConfiguration")

    async def create(self, job: Job) -> Outcome:
        asked = self._request(job)
        alike = {name: asked.get(name) for name in ("Name", "ProviderType")}
        arn = await self.made_before(job, "ListHosts", ("Hosts", "HostArn"), alike)
        if not arn:
            asked["Tags"] = self.tags(job)
            arn = (await job.cloud.ask(self.service, "CreateHost", **asked))["HostArn"]
        return await self._made(job, arn)

    async def update(self, job: Job) -> Outcome:
        asked = self._request(job)
        if differs(job, "ProviderEndpoint", "VpcConfiguration"):
            changed = {name: asked[name] for name in self.TAKEN[1::2] if name in asked}
            await job.cloud.ask(self.service, "UpdateHost", HostArn=job.physical_id, **changed)
        await self.tag(job)
        return await self._made(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        deleting = job.cloud.ask(self.service, "DeleteHost", HostArn=job.physical_id)
        await unless_gone(deleting, ABSENT)
        return Made(job.physical_id)

    def _request(self, job: Job) -> Answer:
        return request_of(self.service, "CreateHostInput", job.properties, self.TAKEN, ("Tags",))

    async def _made(self, job: Job, arn: str) -> Made:
        found = await job.cloud.ask(self.service, "GetHost", HostArn=arn)
        status = {"Status": found["Status"]} if "Status" in found else {}
        return Made(arn, {"HostArn": arn, "HostId": arn.rpartition("-")[2], **status})


HANDLERS: Mapping[str, Handler] = {
    "AWS::CodeConnections::Connection": Connection("codeconnections"),
    "AWS::CodeConnections::Host": Host("codeconnections"),
    "AWS::CodeStarConnections::Connection": Connection("codestar-connections"),
}
