"""IAM's roles, users, groups and instance profiles, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone, unless_there
from penstock.resources.iam_holders import Holder
from penstock.resources.sandboxed import Sandboxed, changed, needed, plain_list
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_POLICIES = ("Policies", "ManagedPolicyArns")


class Role(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "AssumeRolePolicyDocument")
        name = str(job.properties.get("RoleName") or job.name(64))
        asked = request_of("iam", "CreateRoleRequest", job.properties, _ROLE, _ROLE_APART)
        asked |= {"RoleName": name, "Tags": as_list(tags_of(job))}
        await unless_there(job, job.cloud.ask("iam", "CreateRole", **asked))
        return name

    async def change(self, job: Job) -> None:
        role = Holder(job.cloud, "Role", job.physical_id)
        asked = request_of("iam", "CreateRoleRequest", job.properties, _ROLE, _ROLE_APART)
        if changed(job, "AssumeRolePolicyDocument"):
            trusted = asked["AssumeRolePolicyDocument"]
            await role.ask("UpdateAssume{}Policy", PolicyDocument=trusted)
        longest = asked.get("MaxSessionDuration", 3600)
        told = asked.get("Description", "")
        await role.ask("Update{}", Description=told, MaxSessionDuration=longest)
        if changed(job, "PermissionsBoundary"):
            await _bound(role, asked.get("PermissionsBoundary"))
        await _tag(job, role)

    async def complete(self, job: Job, physical_id: str) -> None:
        await Holder(job.cloud, "Role", physical_id).set_policies(job)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        role = (await job.cloud.ask("iam", "GetRole", RoleName=physical_id))["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    async def remove(self, job: Job) -> None:
        role = Holder(job.cloud, "Role", job.physical_id)
        await role.drop_policies(job.properties)
        await role.ask("Delete{}")


_ROLE = (
    "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Path", "PermissionsBoundary",
    "RoleName",
)  # fmt: skip
_ROLE_APART = (*_POLICIES, "Tags")


class User(Sandboxed):
    """Its LoginProfile opens nothing here: the console asks for keys that the server issued."""

    async def make(self, job: Job) -> str:
        name = str(job.properties.get("UserName") or job.name(64))
        asked = request_of("iam", "CreateUserRequest", job.properties, _USER, _USER_APART)
        asked |= {"UserName": name, "Tags": as_list(tags_of(job))}
        await unless_there(job, job.cloud.ask("iam", "CreateUser", **asked))
        return name

    async def change(self, job: Job) -> None:
        user = Holder(job.cloud, "User", job.physical_id)
        if changed(job, "PermissionsBoundary"):
            await _bound(user, job.properties.get("PermissionsBoundary"))
        if changed(job, "Path"):
            await user.ask("Update{}", NewPath=str(job.properties.get("Path", "/")))
        await _tag(job, user)

    async def complete(self, job: Job, physical_id: str) -> None:
        user = Holder(job.cloud, "User", physical_id)
        await user.set_policies(job)
        groups, before = (plain_list(each.get("Groups")) for each in (job.properties, job.previous))
        for group in groups:
            await user.ask("AddUserToGroup", GroupName=str(group))
        for group in before:
            if group not in groups:
                await unless_gone(user.ask("RemoveUserFromGroup", GroupName=str(group)))
        if changed(job, "LoginProfile"):
            await _set_login(job, user)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        user = await job.cloud.ask("iam", "GetUser", UserName=physical_id)
        return {"Arn": user["User"]["Arn"]}

    async def remove(self, job: Job) -> None:
        user = Holder(job.cloud, "User", job.physical_id)
        await user.drop_policies(job.properties)
        for group in plain_list(job.properties.get("Groups")):
            await unless_gone(user.ask("RemoveUserFromGroup", GroupName=str(group)))
        await unless_gone(user.ask("DeleteLoginProfile"))
        await user.ask("Delete{}")


_USER = ("Path", "PermissionsBoundary", "UserName")
_USER_APART = (*_POLICIES, "Groups", "LoginProfile", "Tags")


class Group(Sandboxed):
    async def make(self, job: Job) -> str:
        name = str(job.properties.get("GroupName") or job.name(128))
        asked = request_of(
            "iam", "CreateGroupRequest", job.properties, ("GroupName", "Path"), _POLICIES
        )
        await unless_there(job, job.cloud.ask("iam", "CreateGroup", **asked | {"GroupName": name}))
        return name

    async def change(self, job: Job) -> None:
        if changed(job, "Path"):
            group = Holder(job.cloud, "Group", job.physical_id)
            await group.ask("Update{}", NewPath=str(job.properties.get("Path", "/")))

    async def complete(self, job: Job, physical_id: str) -> None:
        await Holder(job.cloud, "Group", physical_id).set_policies(job)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        group = await job.cloud.ask("iam", "GetGroup", GroupName=physical_id)
        return {"Arn": group["Group"]["Arn"]}

    async def remove(self, job: Job) -> None:
        group = Holder(job.cloud, "Group", job.physical_id)
        await group.drop_policies(job.properties)
        await group.ask("Delete{}")


class InstanceProfile(Sandboxed):
    async def make(self, job: Job) -> str:
        name = str(job.properties.get("InstanceProfileName") or job.name(128))
        asked = request_of(
            "iam",
            "CreateInstanceProfileRequest",
            job.properties,
            ("InstanceProfileName", "Path"),
            ("Roles",),
        )
        asked["InstanceProfileName"] = name
        await unless_there(job, job.cloud.ask("iam", "CreateInstanceProfile", **asked))
        return name

    async def complete(self, job: Job, physical_id: str) -> None:
        roles = [str(role) for role in plain_list(job.properties.get("Roles"))]
        has = await _roles(job, physical_id)
        for role in has:
            if role not in roles:
                await _move(job, physical_id, "RemoveRoleFromInstanceProfile", role)
        for role in roles:
            if role not in has:
                await _move(job, physical_id, "AddRoleToInstanceProfile", role)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        found = await job.cloud.ask("iam", "GetInstanceProfile", InstanceProfileName=physical_id)
        return {"Arn": found["InstanceProfile"]["Arn"]}

    async def remove(self, job: Job) -> None:
        name = job.physical_id
        for role in await _roles(job, name):
            await _move(job, name, "RemoveRoleFromInstanceProfile", role)
        await job.cloud.ask("iam", "DeleteInstanceProfile", InstanceProfileName=name)


class ServiceLinkedRole(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "AWSServiceName")
        asked = request_of("iam", "CreateServiceLinkedRoleRequest", job.properties, _LINKED)
        made = await unless_there(job, job.cloud.ask("iam", "CreateServiceLinkedRole", **asked))
        return str(made["Role"]["RoleName"]) if made else await _linked(job, asked)

    async def change(self, job: Job) -> None:
        role = Holder(job.cloud, "Role", job.physical_id)
        await role.ask("Update{}", Description=str(job.properties.get("Description", "")))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"RoleName": physical_id}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("iam", "DeleteServiceLinkedRole", RoleName=job.physical_id)


_LINKED = ("AWSServiceName", "CustomSuffix", "Description")


async def _linked(job: Job, asked: Mapping[str, Any]) -> str:
    """The name of a role that is there, which the service has chosen."""
    path = f"/aws-service-role/{asked['AWSServiceName']}/"
    found = await job.cloud.ask("iam", "ListRoles", PathPrefix=path)
    suffix = str(asked.get("CustomSuffix", ""))
    names = (str(role["RoleName"]) for role in found["Roles"])
    return next(name for name in names if name.endswith(f"_{suffix}" if suffix else ""))


async def _bound(holder: Holder, arn: Any) -> None:
    if arn:
        await holder.ask("Put{}PermissionsBoundary", PermissionsBoundary=str(arn))
    else:
        await unless_gone(holder.ask("Delete{}PermissionsBoundary"))


async def _tag(job: Job, holder: Holder) -> None:
    change = tag_change(job)
    if change.gone:
        await holder.ask("Untag{}", TagKeys=change.gone)
    if change.put:
        await holder.ask("Tag{}", Tags=as_list(change.put))


async def _set_login(job: Job, user: Holder) -> None:
    await unless_gone(user.ask("DeleteLoginProfile"))
    if profile := job.properties.get("LoginProfile"):
        asked = request_of(
            "iam", "CreateLoginProfileRequest", profile, ("Password", "PasswordResetRequired")
        )
        await user.ask("CreateLoginProfile", **asked)


async def _roles(job: Job, profile: str) -> list[str]:
    found = await job.cloud.ask("iam", "GetInstanceProfile", InstanceProfileName=profile)
    return [str(role["RoleName"]) for role in found["InstanceProfile"]["Roles"]]


async def _move(job: Job, profile: str, operation: str, role: str) -> None:
    await job.cloud.ask("iam", operation, InstanceProfileName=profile, RoleName=role)


HANDLERS: Mapping[str, Handler] = {
    "AWS::IAM::Group": Group(),
    "AWS::IAM::InstanceProfile": InstanceProfile(),
    "AWS::IAM::Role": Role(),
    "AWS::IAM::ServiceLinkedRole": ServiceLinkedRole(),
    "AWS::IAM::User": User(),
}
