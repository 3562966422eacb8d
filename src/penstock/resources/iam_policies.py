"""IAM's policies, in the sandbox: of their own, and those that others hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone, unless_there
from penstock.resources.iam_holders import Holder
from penstock.resources.sandboxed import Sandboxed, changed, needed, plain_list
from penstock.resources.shaping import check_names, request_of

NOUNS = ("Role", "User", "Group")
_HOLDERS = tuple(f"{noun}s" for noun in NOUNS)


class InlinePolicy(Sandboxed):
    """AWS::IAM::Policy: one document that is put into each of its roles, users and groups."""

    async def make(self, job: Job) -> str:
        check_names(job.properties, ("PolicyDocument", "PolicyName", *_HOLDERS))
        needed(job.properties, "PolicyDocument", "PolicyName")
        return job.name(28)

    async def complete(self, job: Job, physical_id: str) -> None:
        name = str(job.properties["PolicyName"])
        holders = set(_holders(job, job.properties))
        for holder in sorted(holders, key=_spelled):
            await holder.put_policy(name, job.properties["PolicyDocument"])
        if before := job.previous.get("PolicyName"):
            for holder in _holders(job, job.previous):
                if holder not in holders or before != name:
                    await holder.delete_policy(str(before))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        for holder in _holders(job, job.properties):
            await holder.delete_policy(str(job.properties["PolicyName"]))


class HeldPolicy(Sandboxed):
    """AWS::IAM::RolePolicy, UserPolicy and GroupPolicy: one policy in one of them.

    Ref gives the policy's name and its holder's, which together say which it is.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun

    async def make(self, job: Job) -> str:
        whose = f"{self._noun}Name"
        check_names(job.properties, ("PolicyDocument", "PolicyName", whose))
        needed(job.properties, "PolicyName", whose)
        return f"{job.properties['PolicyName']}|{job.properties[whose]}"

    async def complete(self, job: Job, physical_id: str) -> None:
        holder, name = self._held(job, physical_id)
        await holder.put_policy(name, job.properties.get("PolicyDocument"))

    async def remove(self, job: Job) -> None:
        holder, name = self._held(job, job.physical_id)
        await holder.delete_policy(name)

    def _held(self, job: Job, physical_id: str) -> tuple[Holder, str]:
        name, _, holder = physical_id.partition("|")
        return Holder(job.cloud, self._noun, holder), name


class ManagedPolicy(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "PolicyDocument")
        name = str(job.properties.get("ManagedPolicyName") or job.name(128))
        asked = request_of(
            "iam",
            "CreatePolicyRequest",
            job.properties,
            ("Description", "Path", "PolicyDocument"),
            ("ManagedPolicyName", *_HOLDERS),
        )
        await unless_there(
            job, job.cloud.ask("iam", "CreatePolicy", **asked | {"PolicyName": name})
        )
        path = asked.get("Path", "/")
        return f"arn:aws:iam::{job.stack.account}:policy{path}{name}"

    async def change(self, job: Job) -> None:
        """The document becomes the default version; IAM keeps five, so the oldest makes room."""
        if not changed(job, "PolicyDocument"):
            return
        arn = job.physical_id
        asked = request_of(
            "iam", "CreatePolicyVersionRequest", {
                "PolicyArn": arn,
                "PolicyDocument": job.properties["PolicyDocument"],
                "SetAsDefault": True,
            }, ("PolicyArn", "PolicyDocument", "SetAsDefault"),
        )  # fmt: skip
        for version in await _versions(job, arn, keep=4):
            await job.cloud.ask("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version)
        await job.cloud.ask("iam", "CreatePolicyVersion", **asked)

    async def complete(self, job: Job, physical_id: str) -> None:
        holders, before = (set(_holders(job, each)) for each in (job.properties, job.previous))
        for holder in sorted(holders - before, key=_spelled):
            await holder.attach(physical_id)
        for holder in before - holders:
            await holder.detach(physical_id)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        policy = (await job.cloud.ask("iam", "GetPolicy", PolicyArn=physical_id))["Policy"]
        told = {name: policy[name] for name in _TOLD if name in policy}
        dates = {name: policy[name].isoformat() for name in ("CreateDate", "UpdateDate")}
        return {"PolicyArn": physical_id, "PermissionsBoundaryUsageCount": 0, **told, **dates}

    async def remove(self, job: Job) -> None:
        arn = job.physical_id
        for holder in _holders(job, job.properties):
            await holder.detach(arn)
        for version in await _versions(job, arn):
            await job.cloud.ask("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version)
        await job.cloud.ask("iam", "DeletePolicy", PolicyArn=arn)


_TOLD = (
    "AttachmentCount", "DefaultVersionId", "IsAttachable", "PermissionsBoundaryUsageCount",
    "PolicyId",
)  # fmt: skip


async def _versions(job: Job, arn: str, keep: int = 1) -> list[str]:
    """Those that are not the default one, oldest first, without what is to be kept of all."""
    found = (await job.cloud.ask("iam", "ListPolicyVersions", PolicyArn=arn))["Versions"]
    numbered = sorted(found, key=lambda version: int(version["VersionId"].removeprefix("v")))
    old = [str(each["VersionId"]) for each in numbered if not each["IsDefaultVersion"]]
    return old[: max(0, len(found) - keep)]


class UserToGroupAddition(Sandboxed):
    async def make(self, job: Job) -> str:
        check_names(job.properties, ("GroupName", "Users"))
        needed(job.properties, "GroupName", "Users")
        return job.name(128)

    async def complete(self, job: Job, physical_id: str) -> None:
        wanted, before = set(_members(job.properties)), set(_members(job.previous))
        for group, user in sorted(wanted - before):
            await job.cloud.ask("iam", "AddUserToGroup", GroupName=group, UserName=user)
        await _leave(job, before - wanted)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        await _leave(job, set(_members(job.properties)))


def _members(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for user in plain_list(properties.get("Users")):
        yield str(properties["GroupName"]), str(user)


async def _leave(job: Job, members: set[tuple[str, str]]) -> None:
    for group, user in sorted(members):
        leaving = job.cloud.ask("iam", "RemoveUserFromGroup", GroupName=group, UserName=user)
        await unless_gone(leaving)


def _holders(job: Job, properties: Mapping[str, Any]) -> Iterator[Holder]:
    for noun in NOUNS:
        for name in plain_list(properties.get(f"{noun}s")):
            yield Holder(job.cloud, noun, str(name))


def _spelled(holder: Holder) -> tuple[str, str]:
    return holder.noun, holder.name


HANDLERS: Mapping[str, Handler] = {
    "AWS::IAM::GroupPolicy": HeldPolicy("Group"),
    "AWS::IAM::ManagedPolicy": ManagedPolicy(),
    "AWS::IAM::Policy": InlinePolicy(),
    "AWS::IAM::RolePolicy": HeldPolicy("Role"),
    "AWS::IAM::UserPolicy": HeldPolicy("User"),
    "AWS::IAM::UserToGroupAddition": UserToGroupAddition(),
}
