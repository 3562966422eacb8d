"""What CodeDeploy is told of deployments: applications, groups and configurations.

It deploys nothing and does not pretend to: CreateDeployment and all about deployments is not
implemented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from penstock.errors import AwsError
from penstock.sandbox.codedeploy.configurations import PREDEFINED
from penstock.sandbox.kept_here import KeptHere
from penstock.services.paging import cut, make_token, read_token
from penstock.state.calls import Call
from penstock.store import Store

PAGE = 100
_DEFAULT = "CodeDeployDefault.OneAtATime"
Info = dict[str, Any]


class _Region:
    """What there is in one account and Region; groups by application and name."""

    def __init__(self) -> None:
        self.applications: dict[str, Info] = {}
        self.groups: dict[tuple[str, str], Info] = {}
        self.configurations: dict[str, Info] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def application(self, name: str) -> Info:
        if name not in self.applications:
            raise AwsError(
                "ApplicationDoesNotExistException", f"No application found for name: {name}"
            )
        return self.applications[name]

    def group(self, application: str, name: str) -> Info:
        self.application(application)
        if (application, name) not in self.groups:
            message = f"No Deployment Group found for name: {name}"
            raise AwsError("DeploymentGroupDoesNotExistException", message)
        return self.groups[application, name]

    def configuration(self, name: str) -> Info:
        found = self.configurations.get(name) or PREDEFINED.get(name)
        if found is None:
            message = f"No deployment configuration found for name: {name}"
            raise AwsError("DeploymentConfigDoesNotExistException", message)
        return {**found}


class CodeDeploy(KeptHere):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._regions: dict[tuple[str, str], _Region] = {}

    def _at(self, call: Call) -> _Region:
        return self._regions.setdefault((call.account, call.region), _Region())

    async def create_application(self, call: Call, request: Info) -> Info:
        at, name = self._at(call), request["applicationName"]
        if name in at.applications:
            message = f"Application already exists: {name}"
            raise AwsError("ApplicationAlreadyExistsException", message)
        made = {
            "applicationId": str(uuid4()),
            "applicationName": name,
            "createTime": call.now,
            "linkedToGitHub": False,
            "computePlatform": request.get("computePlatform", "Server"),
        }
        at.applications[name] = made
        at.tags[call.arn(f"application:{name}")] = _tags(request)
        return {"applicationId": made["applicationId"]}

    async def get_application(self, call: Call, request: Info) -> Info:
        return {"application": self._at(call).application(request["applicationName"])}

    async def batch_get_applications(self, call: Call, request: Info) -> Info:
        at = self._at(call)
        return {"applicationsInfo": [at.application(name) for name in request["applicationNames"]]}

    async def list_applications(self, call: Call, request: Info) -> Info:
        names, token = _page("codedeploy.applications", self._at(call).applications, request)
        return {"applications": names, "nextToken": token}

    async def update_application(self, call: Call, request: Info) -> None:
        at, name = self._at(call), request["applicationName"]
        new, application = request.get("newApplicationName") or name, at.application(name)
        if new == name:
            return
        if new in at.applications:
            message = f"Application already exists: {new}"
            raise AwsError("ApplicationAlreadyExistsException", message)
        at.applications[new] = {**application, "applicationName": new}
        del at.applications[name]
        for owner, group in [key for key in at.groups if key[0] == name]:
            at.groups[new, group] = {**at.groups.pop((owner, group)), "applicationName": new}

    async def delete_application(self, call: Call, request: Info) -> None:
        """With its groups. What is not there is no error."""
        at, name = self._at(call), request["applicationName"]
        at.applications.pop(name, None)
        at.tags.pop(call.arn(f"application:{name}"), None)
        for key in [key for key in at.groups if key[0] == name]:
            del at.groups[key]

    async def create_deployment_group(self, call: Call, request: Info) -> Info:
        at, name = self._at(call), request["deploymentGroupName"]
        application = at.application(request["applicationName"])
        key = application["applicationName"], name
        if key in at.groups:
            message = f"Deployment Group already exists: {name}"
            raise AwsError("DeploymentGroupAlreadyExistsException", message)
        at.configuration(request.get("deploymentConfigName", _DEFAULT))
        given = {member: value for member, value in request.items() if member != "tags"}
        at.groups[key] = {
            "deploymentGroupId": str(uuid4()),
            "deploymentConfigName": _DEFAULT,
            "computePlatform": application["computePlatform"],
            **given,
        }
        at.tags[call.arn(f"deploymentgroup:{key[0]}/{name}")] = _tags(request)
        return {"deploymentGroupId": at.groups[key]["deploymentGroupId"]}

    async def get_deployment_group(self, call: Call, request: Info) -> Info:
        application, name = request["applicationName"], request["deploymentGroupName"]
        return {"deploymentGroupInfo": self._at(call).group(application, name)}

    async def batch_get_deployment_groups(self, call: Call, request: Info) -> Info:
        at, application = self._at(call), request["applicationName"]
        names = request["deploymentGroupNames"]
        return {"deploymentGroupsInfo": [at.group(application, name) for name in names]}

    async def list_deployment_groups(self, call: Call, request: Info) -> Info:
        at, application = self._at(call), request["applicationName"]
        at.application(application)
        own = {name: None for owner, name in at.groups if owner == application}
        names, token = _page(f"codedeploy.groups {application}", own, request)
        return {"applicationName": application, "deploymentGroups": names, "nextToken": token}

    async def update_deployment_group(self, call: Call, request: Info) -> Info:
        at, application = self._at(call), request["applicationName"]
        name = request["currentDeploymentGroupName"]
        group = at.group(application, name)
        at.configuration(request.get("deploymentConfigName", _DEFAULT))
        new = request.get("newDeploymentGroupName") or name
        if new != name and (application, new) in at.groups:
            message = f"Deployment Group already exists: {new}"
            raise AwsError("DeploymentGroupAlreadyExistsException", message)
        given = {member: value for member, value in request.items() if member not in _NAMING}
        del at.groups[application, name]
        at.groups[application, new] = {**group, **given, "deploymentGroupName": new}
        return {"hooksNotCleanedUp": []}

    async def delete_deployment_group(self, call: Call, request: Info) -> Info:
        at, application = self._at(call), request["applicationName"]
        name = request["deploymentGroupName"]
        at.groups.pop((application, name), None)
        at.tags.pop(call.arn(f"deploymentgroup:{application}/{name}"), None)
        return {"hooksNotCleanedUp": []}

    async def create_deployment_config(self, call: Call, request: Info) -> Info:
        at, name = self._at(call), request["deploymentConfigName"]
        if name in at.configurations or name in PREDEFINED:
            message = f"Deployment Configuration already exists: {name}"
            raise AwsError("DeploymentConfigAlreadyExistsException", message)
        made = {"computePlatform": "Server", **request}
        made |= {"deploymentConfigId": str(uuid4()), "createTime": call.now}
        at.configurations[name] = made
        return {"deploymentConfigId": made["deploymentConfigId"]}

    async def get_deployment_config(self, call: Call, request: Info) -> Info:
        return {
            "deploymentConfigInfo": self._at(call).configuration(request["deploymentConfigName"])
        }

    async def list_deployment_configs(self, call: Call, request: Info) -> Info:
        names = {**self._at(call).configurations, **PREDEFINED}
        found, token = _page("codedeploy.configurations", names, request)
        return {"deploymentConfigsList": found, "nextToken": token}

    async def delete_deployment_config(self, call: Call, request: Info) -> None:
        at, name = self._at(call), request["deploymentConfigName"]
        if name in PREDEFINED:
            message = f"Deployment configuration {name} cannot be deleted"
            raise AwsError("InvalidOperationException", message)
        if any(group["deploymentConfigName"] == name for group in at.groups.values()):
            message = f"Deployment configuration {name} is in use"
            raise AwsError("DeploymentConfigInUseException", message)
        at.configurations.pop(name, None)

    async def list_tags_for_resource(self, call: Call, request: Info) -> Info:
        tags = self._tags_of(call, request)
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    async def tag_resource(self, call: Call, request: Info) -> None:
        self._tags_of(call, request).update(_tags({"tags": request["Tags"]}))

    async def untag_resource(self, call: Call, request: Info) -> None:
        tags = self._tags_of(call, request)
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def _tags_of(self, call: Call, request: Info) -> dict[str, str]:
        tags = self._at(call).tags.get(request["ResourceArn"])
        if tags is None:
            message = f"The specified ARN {request['ResourceArn']} is not one of a resource"
            raise AwsError("InvalidArnException", message)
        return tags


_NAMING = ("applicationName", "currentDeploymentGroupName", "newDeploymentGroupName")


def _page(kind: str, named: Mapping[str, Any], request: Info) -> tuple[list[str], str | None]:
    wrong = AwsError("InvalidNextTokenException", "The next token was specified in a wrong format")
    after = read_token(kind, request.get("nextToken"), wrong)
    names = [name for name in sorted(named) if after is None or name > after[0]]
    found, token = cut(names, PAGE, lambda name: make_token(kind, name))
    return list(found), token


def _tags(request: Info) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in request.get("tags") or ()}
