"""What CodeDeploy is told of deployments, in the sandbox: it keeps that, and deploys nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import not_implemented
from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_there
from penstock.resources.sandboxed import Sandboxed, needed, plain_list
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_GROUP = (
    "AlarmConfiguration", "ApplicationName", "AutoRollbackConfiguration", "AutoScalingGroups",
    "BlueGreenDeploymentConfiguration", "DeploymentConfigName", "DeploymentGroupName",
    "DeploymentStyle", "ECSServices", "Ec2TagFilters", "Ec2TagSet", "LoadBalancerInfo",
    "OnPremisesInstanceTagFilters", "OnPremisesTagSet", "OutdatedInstancesStrategy",
    "ServiceRoleArn", "TerminationHookEnabled", "TriggerConfigurations",
)  # fmt: skip


class Application(Sandboxed):
    async def make(self, job: Job) -> str:
        asked = request_of(
            "codedeploy",
            "CreateApplicationInput",
            job.properties,
            ("ApplicationName", "ComputePlatform"),
            ("Tags",),
        )
        name = asked.setdefault("applicationName", job.name(100))
        asked["tags"] = as_list(tags_of(job))
        await unless_there(job, job.cloud.ask("codedeploy", "CreateApplication", **asked))
        return str(name)

    async def change(self, job: Job) -> None:
        await _tag(job, f"application:{job.physical_id}")

    async def remove(self, job: Job) -> None:
        """CodeDeploy deletes what is not there without a word."""
        name = job.physical_id
        await job.cloud.ask("codedeploy", "DeleteApplication", applicationName=name)


class DeploymentGroup(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "ApplicationName", "ServiceRoleArn")
        asked = _group(job)
        name = asked.setdefault("deploymentGroupName", job.name(100))
        asked["tags"] = as_list(tags_of(job))
        await unless_there(job, job.cloud.ask("codedeploy", "CreateDeploymentGroup", **asked))
        return str(name)

    async def change(self, job: Job) -> None:
        asked = _group(job)
        asked["currentDeploymentGroupName"] = job.physical_id
        asked.pop("deploymentGroupName", "")
        await job.cloud.ask("codedeploy", "UpdateDeploymentGroup", **asked)
        await _tag(job, f"deploymentgroup:{asked['applicationName']}/{job.physical_id}")

    async def remove(self, job: Job) -> None:
        asked = {
            "applicationName": str(job.properties["ApplicationName"]),
            "deploymentGroupName": job.physical_id,
        }
        await job.cloud.ask("codedeploy", "DeleteDeploymentGroup", **asked)


def _group(job: Job) -> dict[str, Any]:
    if "Deployment" in job.properties:
        raise not_implemented("AWS::CodeDeploy::DeploymentGroup Deployment")
    given = {**job.properties}
    for name, inner in _SETS.items():
        if isinstance(tags := given.get(name), Mapping):
            given[name] = {key: _groups(each, inner) for key, each in tags.items()}
    return request_of("codedeploy", "CreateDeploymentGroupInput", given, _GROUP, ("Tags",))


_SETS = {"Ec2TagSet": "Ec2TagGroup", "OnPremisesTagSet": "OnPremisesTagGroup"}


def _groups(listed: Any, name: str) -> list[Any]:
    """A template names each list of a list; CodeDeploy has lists of lists."""
    return [each.get(name, []) for each in plain_list(listed)]


class DeploymentConfig(Sandboxed):
    async def make(self, job: Job) -> str:
        asked = request_of(
            "codedeploy",
            "CreateDeploymentConfigInput",
            job.properties,
            (
                "ComputePlatform", "DeploymentConfigName", "MinimumHealthyHosts",
                "TrafficRoutingConfig", "ZonalConfig",
            ),
        )  # fmt: skip
        name = asked.setdefault("deploymentConfigName", job.name(100))
        await unless_there(job, job.cloud.ask("codedeploy", "CreateDeploymentConfig", **asked))
        return str(name)

    async def remove(self, job: Job) -> None:
        name = job.physical_id
        await job.cloud.ask("codedeploy", "DeleteDeploymentConfig", deploymentConfigName=name)


async def _tag(job: Job, resource: str) -> None:
    change = tag_change(job)
    which = {"ResourceArn": f"arn:aws:codedeploy:{job.stack.region}:{job.stack.account}:{resource}"}
    if change.gone:
        await job.cloud.ask("codedeploy", "UntagResource", **which, TagKeys=change.gone)
    if change.put:
        await job.cloud.ask("codedeploy", "TagResource", **which, Tags=as_list(change.put))


HANDLERS: Mapping[str, Handler] = {
    "AWS::CodeDeploy::Application": Application(),
    "AWS::CodeDeploy::DeploymentConfig": DeploymentConfig(),
    "AWS::CodeDeploy::DeploymentGroup": DeploymentGroup(),
}
