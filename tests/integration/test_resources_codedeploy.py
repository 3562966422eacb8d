"""CodeDeploy's types, in the sandbox, which keeps what deployments are to be."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio

GROUP = "AWS::CodeDeploy::DeploymentGroup"
GIVEN: dict[str, Any] = {
    "ApplicationName": "web",
    "DeploymentGroupName": "prod",
    "ServiceRoleArn": "arn:aws:iam::000000000000:role/deploys",
    "DeploymentConfigName": "CodeDeployDefault.AllAtOnce",
    "Ec2TagSet": {
        "Ec2TagSetList": [
            {"Ec2TagGroup": [{"Key": "stage", "Value": "prod", "Type": "KEY_AND_VALUE"}]}
        ]
    },
    "AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": "errors"}]},
    "AutoRollbackConfiguration": {"Enabled": "true", "Events": ["DEPLOYMENT_FAILURE"]},
}


async def group_of(sandbox: SandboxBench) -> dict[str, Any]:
    asked = {"applicationName": "web", "deploymentGroupName": "prod"}
    found = await sandbox.ask("codedeploy", "GetDeploymentGroup", **asked)
    info: dict[str, Any] = found["deploymentGroupInfo"]
    return info


async def test_an_application_with_a_group_is_made_changed_and_deleted(
    sandbox: SandboxBench,
) -> None:
    made = await sandbox.made("App", "AWS::CodeDeploy::Application", {"ApplicationName": "web"})
    assert made.physical_id == "web"
    assert (await sandbox.made("Prod", GROUP, GIVEN)).physical_id == "prod"
    group = await group_of(sandbox)
    assert group["computePlatform"] == "Server"
    assert group["alarmConfiguration"] == {"enabled": True, "alarms": [{"name": "errors"}]}
    [[tag]] = group["ec2TagSet"]["ec2TagSetList"]
    assert (tag["Key"], tag["Type"]) == ("stage", "KEY_AND_VALUE")
    arn = "arn:aws:codedeploy:us-east-1:000000000000:application:web"
    tags = await sandbox.ask("codedeploy", "ListTagsForResource", ResourceArn=arn)
    assert tags["Tags"] == [{"Key": "team", "Value": "web"}]

    await sandbox.update("Prod", {**GIVEN, "AlarmConfiguration": {"Enabled": False}})
    assert (await group_of(sandbox))["alarmConfiguration"] == {"enabled": False}
    again = await sandbox.made("Prod", GROUP, GIVEN, again=True)
    assert again.physical_id == "prod"
    assert "already exists" in await sandbox.refused("Prod", GROUP, GIVEN)

    await sandbox.delete("Prod")
    with pytest.raises(AwsError, match="DeploymentGroupDoesNotExistException"):
        await group_of(sandbox)
    await sandbox.delete("App")
    assert (await sandbox.ask("codedeploy", "ListApplications"))["applications"] == []


async def test_a_configuration_is_made_beside_those_there_are(sandbox: SandboxBench) -> None:
    type = "AWS::CodeDeploy::DeploymentConfig"
    minutes = {"linearInterval": 3, "linearPercentage": 10}
    given = {
        "DeploymentConfigName": "slow",
        "ComputePlatform": "Lambda",
        "TrafficRoutingConfig": {
            "Type": "TimeBasedLinear",
            "TimeBasedLinear": {"LinearInterval": "3", "LinearPercentage": 10},
        },
    }
    assert (await sandbox.made("Slow", type, given)).physical_id == "slow"
    asked = {"deploymentConfigName": "slow"}
    found = await sandbox.ask("codedeploy", "GetDeploymentConfig", **asked)
    assert found["deploymentConfigInfo"]["trafficRoutingConfig"]["timeBasedLinear"] == minutes
    listed = await sandbox.ask("codedeploy", "ListDeploymentConfigs")
    assert {"slow", "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes"} <= set(
        listed["deploymentConfigsList"]
    )
    await sandbox.delete("Slow")
    with pytest.raises(AwsError, match="DeploymentConfigDoesNotExistException"):
        await sandbox.ask("codedeploy", "GetDeploymentConfig", **asked)


async def test_what_a_group_cannot_be_is_told(sandbox: SandboxBench) -> None:
    assert "No application found for name: web" in await sandbox.refused("Prod", GROUP, GIVEN)
    await sandbox.made("App", "AWS::CodeDeploy::Application", {"ApplicationName": "web"})
    for more, told in (
        ({"DeploymentConfigName": "none"}, "No deployment configuration found for name: none"),
        ({"Deployment": {}}, "not implemented: AWS::CodeDeploy::DeploymentGroup Deployment"),
        ({"Group": "x"}, "Encountered unsupported property Group"),
    ):
        assert told in await sandbox.refused("Prod", GROUP, {**GIVEN, **more})


async def test_nothing_is_deployed_and_nobody_is_told_so(sandbox: SandboxBench) -> None:
    for operation, asked in (
        ("CreateDeployment", {"applicationName": "web"}),
        ("ListDeployments", {}),
    ):
        with pytest.raises(AwsError, match=rf"not implemented: codedeploy\.{operation}") as raised:
            await sandbox.ask("codedeploy", operation, **asked)
        assert raised.value.status == 501
