"""IAM's types, in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.resources import handler_of
from penstock.state.stacks import Made, NotMade, TaskAction

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio

TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
}
OTHERS = {
    **TRUST,
    "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "lambda.amazonaws.com"}}],
}
DENY = {**ALLOW, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ROLE = "AWS::IAM::Role"
FULL = {
    "RoleName": "deployer",
    "AssumeRolePolicyDocument": TRUST,
    "Description": "deploys",
    "Path": "/ci/",
    "MaxSessionDuration": "7200",
    "PermissionsBoundary": READ,
    "ManagedPolicyArns": [ADMIN],
    "Policies": [{"PolicyName": "logs", "PolicyDocument": ALLOW}],
    "Tags": [{"Key": "kind", "Value": "ci"}],
}


async def role_of(sandbox: SandboxBench, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (await sandbox.ask("iam", "GetRole", RoleName=name))["Role"]
    return found


async def policies_of(sandbox: SandboxBench, noun: str, name: str) -> tuple[list[str], list[str]]:
    which = {f"{noun}Name": name}
    inline = await sandbox.ask("iam", f"List{noun}Policies", **which)
    attached = await sandbox.ask("iam", f"ListAttached{noun}Policies", **which)
    return inline["PolicyNames"], [each["PolicyArn"] for each in attached["AttachedPolicies"]]


async def test_a_role_has_all_that_its_properties_say(sandbox: SandboxBench) -> None:
    made = await sandbox.made("Deployer", ROLE, FULL)
    role = await role_of(sandbox, "deployer")
    assert made.physical_id == "deployer"
    assert made.attributes == {"Arn": role["Arn"], "RoleId": role["RoleId"]}
    assert role["Arn"] == "arn:aws:iam::000000000000:role/ci/deployer"
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert (role["Description"], role["MaxSessionDuration"]) == ("deploys", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {"kind": "ci", "team": "web"}
    assert await policies_of(sandbox, "Role", "deployer") == (["logs"], [ADMIN])


async def test_a_role_is_changed_and_deleted(sandbox: SandboxBench) -> None:
    await sandbox.made("Deployer", ROLE, FULL)
    await sandbox.update(
        "Deployer",
        {
            "RoleName": "deployer",
            "Path": "/ci/",
            "AssumeRolePolicyDocument": OTHERS,
            "ManagedPolicyArns": [READ],
            "Policies": [{"PolicyName": "none", "PolicyDocument": DENY}],
        },
    )
    role = await role_of(sandbox, "deployer")
    assert role["AssumeRolePolicyDocument"] == OTHERS
    assert (role.get("Description", ""), role["MaxSessionDuration"]) == ("", 3600)
    assert "PermissionsBoundary" not in role
    assert [tag["Key"] for tag in role["Tags"]] == ["team"]
    assert await policies_of(sandbox, "Role", "deployer") == (["none"], [READ])
    await sandbox.delete("Deployer")
    with pytest.raises(AwsError, match="NoSuchEntity"):
        await role_of(sandbox, "deployer")


async def test_a_role_without_a_name_gets_the_stacks(sandbox: SandboxBench) -> None:
    made = await sandbox.made("Deployer", ROLE, {"AssumeRolePolicyDocument": TRUST})
    assert made.physical_id.startswith("shop-Deployer-")
    again = await sandbox.made("Deployer", ROLE, {"AssumeRolePolicyDocument": TRUST}, again=True)
    assert again == made


async def test_a_role_that_is_there_is_not_made_and_one_made_in_part_is_told(
    sandbox: SandboxBench,
) -> None:
    await sandbox.made("Deployer", ROLE, FULL)
    told = await sandbox.refused("Deployer", ROLE, FULL)
    assert "'deployer' already exists." in told
    outcome = await sandbox.created(
        "Other", ROLE, {**FULL, "RoleName": "other", "ManagedPolicyArns": [ADMIN + "s"]}
    )
    assert isinstance(outcome, NotMade)
    assert outcome.physical_id == "other"
    assert "AdministratorAccesss does not exist or is not attachable" in outcome.reason


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, "required key [AssumeRolePolicyDocument] not found"),
        ({"AssumeRolePolicyDocument": TRUST, "Nme": "x"}, "Encountered unsupported property Nme"),
        (
            {"AssumeRolePolicyDocument": TRUST, "Policies": [{"PolicyName": "p", "Extra": 1}]},
            "Encountered unsupported property Extra",
        ),
    ],
)
async def test_what_a_role_cannot_be_is_told(
    sandbox: SandboxBench, properties: dict[str, Any], told: str
) -> None:
    assert told in await sandbox.refused("Deployer", ROLE, properties)


async def test_policies_are_put_into_those_they_name(sandbox: SandboxBench) -> None:
    await sandbox.made("Deployer", ROLE, {"RoleName": "a", "AssumeRolePolicyDocument": TRUST})
    await sandbox.made("Other", ROLE, {"RoleName": "b", "AssumeRolePolicyDocument": TRUST})
    policy = {"PolicyName": "logs", "PolicyDocument": ALLOW}
    await sandbox.made("Logs", "AWS::IAM::Policy", {**policy, "Roles": ["a"]})
    assert (await policies_of(sandbox, "Role", "a"))[0] == ["logs"]
    await sandbox.update("Logs", {**policy, "Roles": ["b"]})
    assert (await policies_of(sandbox, "Role", "a"))[0] == []
    assert (await policies_of(sandbox, "Role", "b"))[0] == ["logs"]
    await sandbox.delete("Logs")
    assert (await policies_of(sandbox, "Role", "b"))[0] == []


async def test_a_managed_policy_keeps_five_versions(sandbox: SandboxBench) -> None:
    await sandbox.made("Deployer", ROLE, {"RoleName": "a", "AssumeRolePolicyDocument": TRUST})
    policy = {"ManagedPolicyName": "logs", "Path": "/ci/", "Roles": ["a"]}
    type = "AWS::IAM::ManagedPolicy"
    made = await sandbox.made("Logs", type, {**policy, "PolicyDocument": ALLOW})
    arn = "arn:aws:iam::000000000000:policy/ci/logs"
    assert (made.physical_id, made.attributes["PolicyArn"]) == (arn, arn)
    assert (await policies_of(sandbox, "Role", "a"))[1] == [arn]
    for document in (DENY, ALLOW, DENY, ALLOW, DENY, ALLOW):
        changed = await sandbox.update("Logs", {**policy, "PolicyDocument": document})
    assert changed.attributes["DefaultVersionId"] == "v7"
    versions = (await sandbox.ask("iam", "ListPolicyVersions", PolicyArn=arn))["Versions"]
    assert sorted(each["VersionId"] for each in versions) == ["v3", "v4", "v5", "v6", "v7"]
    await sandbox.delete("Logs")
    assert (await policies_of(sandbox, "Role", "a"))[1] == []
    with pytest.raises(AwsError, match="NoSuchEntity"):
        await sandbox.ask("iam", "GetPolicy", PolicyArn=arn)


async def test_users_and_groups(sandbox: SandboxBench) -> None:
    await sandbox.made(
        "Team", "AWS::IAM::Group", {"GroupName": "team", "ManagedPolicyArns": [READ]}
    )
    await sandbox.made("Ada", "AWS::IAM::User", {"UserName": "ada", "Groups": ["team"]})
    key = await sandbox.made(
        "Key", "AWS::IAM::AccessKey", {"UserName": "ada", "Status": "Inactive"}
    )
    assert key.attributes["Id"] == key.physical_id
    assert len(key.attributes["SecretAccessKey"]) == 40
    keys = (await sandbox.ask("iam", "ListAccessKeys", UserName="ada"))["AccessKeyMetadata"]
    assert [each["Status"] for each in keys] == ["Inactive"]
    await sandbox.made("Bo", "AWS::IAM::User", {"UserName": "bo"})
    await sandbox.made(
        "Join", "AWS::IAM::UserToGroupAddition", {"GroupName": "team", "Users": ["bo"]}
    )
    members = (await sandbox.ask("iam", "GetGroup", GroupName="team"))["Users"]
    assert sorted(each["UserName"] for each in members) == ["ada", "bo"]
    for logical in ("Join", "Key", "Ada", "Bo", "Team"):
        await sandbox.delete(logical)
    assert (await sandbox.ask("iam", "ListUsers"))["Users"] == []


@pytest.mark.parametrize("noun", ["Role", "User", "Group"])
async def test_a_policy_of_one_holder(sandbox: SandboxBench, noun: str) -> None:
    trust = {"AssumeRolePolicyDocument": TRUST} if noun == "Role" else {}
    await sandbox.made("Holder", f"AWS::IAM::{noun}", {f"{noun}Name": "a", **trust})
    policy = {"PolicyName": "logs", f"{noun}Name": "a", "PolicyDocument": ALLOW}
    made = await sandbox.made("Logs", f"AWS::IAM::{noun}Policy", policy)
    assert made.physical_id == "logs|a"
    assert (await policies_of(sandbox, noun, "a"))[0] == ["logs"]
    await sandbox.delete("Logs")
    assert (await policies_of(sandbox, noun, "a"))[0] == []


async def test_profiles_service_linked_roles_and_providers(sandbox: SandboxBench) -> None:
    await sandbox.made("Web", ROLE, {"RoleName": "web", "AssumeRolePolicyDocument": TRUST})
    profile = await sandbox.made(
        "Profile", "AWS::IAM::InstanceProfile", {"InstanceProfileName": "web", "Roles": ["web"]}
    )
    assert profile.attributes["Arn"].endswith(":instance-profile/web")
    linked = await sandbox.made(
        "Linked", "AWS::IAM::ServiceLinkedRole", {"AWSServiceName": "autoscaling.amazonaws.com"}
    )
    assert linked.attributes["RoleName"] == linked.physical_id == "AWSServiceRoleForAutoScaling"
    url = "https://token.actions.githubusercontent.com"
    provider = await sandbox.made(
        "GitHub",
        "AWS::IAM::OIDCProvider",
        {"Url": url, "ClientIdList": ["sts.amazonaws.com"], "ThumbprintList": ["a" * 40]},
    )
    assert provider.physical_id.endswith(":oidc-provider/token.actions.githubusercontent.com")
    for logical in ("Profile", "Web", "Linked", "GitHub"):
        await sandbox.delete(logical)
    found = await sandbox.ask("iam", "ListOpenIDConnectProviders")
    assert found["OpenIDConnectProviderList"] == []


@pytest.mark.parametrize(
    "wrong", [{"ManagedPolicyArns": [f"{ADMIN}OfNothing"]}, {"Policies": [{"PolicyName": "a"}]}]
)
async def test_what_was_made_of_wrong_properties_can_be_deleted(
    sandbox: SandboxBench, wrong: dict[str, Any]
) -> None:
    properties = {"RoleName": "half", "AssumeRolePolicyDocument": TRUST, **wrong}
    outcome = await sandbox.created("R", ROLE, properties)
    assert isinstance(outcome, NotMade)
    assert outcome.physical_id == "half"
    job = sandbox.job(TaskAction.DELETE, "R", ROLE, properties, "half")
    assert isinstance(await handler_of(ROLE).delete(job), Made)
    assert (await sandbox.ask("iam", "ListRoles"))["Roles"] == []
