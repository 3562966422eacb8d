"""Who has policies in IAM: roles, users and groups, whose operations differ by one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.resources.contract import Answer, Cloud, Job
from penstock.resources.existence import unless_gone
from penstock.resources.sandboxed import needed, plain_list
from penstock.resources.shaping import check_names, shaped


class Holder(NamedTuple):
    """`noun` is Role, User or Group."""

    cloud: Cloud
    noun: str
    name: str

    async def ask(self, operation: str, **request: Any) -> Answer:
        """An operation whose name has `{}` where the noun stands."""
        asked = {f"{self.noun}Name": self.name, **request}
        return await self.cloud.ask("iam", operation.format(self.noun), **asked)

    async def put_policy(self, name: str, document: Any) -> None:
        """A document needs no Version on AWS (those of SAM's policy templates have none); the
        sandbox wants one."""
        if isinstance(document, Mapping):
            document = {"Version": "2012-10-17", **document}
        shape = f"Put{self.noun}PolicyRequest"
        asked = shaped("iam", shape, {"PolicyName": name, "PolicyDocument": document})
        await self.ask("Put{}Policy", **asked)

    async def delete_policy(self, name: str) -> None:
        await unless_gone(self.ask("Delete{}Policy", PolicyName=name))

    async def attach(self, arn: str) -> None:
        await self.ask("Attach{}Policy", PolicyArn=arn)

    async def detach(self, arn: str) -> None:
        await unless_gone(self.ask("Detach{}Policy", PolicyArn=arn))

    async def set_policies(self, job: Job) -> None:
        """Policies and ManagedPolicyArns of the holder's own properties."""
        inline, before = _inline(job.properties), _inline(job.previous)
        for name, document in inline.items():
            if document != before.get(name):
                await self.put_policy(name, document)
        for name in before.keys() - inline.keys():
            await self.delete_policy(name)
        managed, attached = (_managed(each) for each in (job.properties, job.previous))
        for arn in managed:
            if arn not in attached:
                await self.attach(arn)
        for arn in attached:
            if arn not in managed:
                await self.detach(arn)

    async def drop_policies(self, properties: Mapping[str, Any]) -> None:
        """Those it has that its own properties gave it; with others it cannot be deleted. It may
        have been made with only some of them, or with properties that are wrong."""
        given = plain_list(properties.get("Policies"))
        inline = {str(one.get("PolicyName")) for one in given if isinstance(one, Mapping)}
        for name in (await self.ask("List{}Policies"))["PolicyNames"]:
            if name in inline:
                await self.delete_policy(name)
        for one in (await self.ask("ListAttached{}Policies"))["AttachedPolicies"]:
            if one["PolicyArn"] in _managed(properties):
                await self.detach(one["PolicyArn"])


def _inline(properties: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for policy in plain_list(properties.get("Policies")):
        check_names(policy, ("PolicyName", "PolicyDocument"))
        needed(policy, "PolicyName", "PolicyDocument")
        found[str(policy["PolicyName"])] = policy["PolicyDocument"]
    return found


def _managed(properties: Mapping[str, Any]) -> list[str]:
    return [str(arn) for arn in plain_list(properties.get("ManagedPolicyArns"))]
