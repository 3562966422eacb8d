"""Projects, and the webhooks that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import not_implemented
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import settled, unless_there
from penstock.resources.naming import short_name
from penstock.resources.shaping import request_of, shaped, unsupported
from penstock.resources.tags import as_list, tags_of

THERE = "ResourceAlreadyExistsException"
TAKEN = (
    *("Artifacts", "AutoRetryLimit", "BadgeEnabled", "BuildBatchConfig", "Cache"),
    *("ConcurrentBuildLimit", "Description", "EncryptionKey", "Environment"),
    *("FileSystemLocations", "LogsConfig", "QueuedTimeoutInMinutes", "SecondaryArtifacts"),
    *("SecondarySourceVersions", "SecondarySources", "ServiceRole", "Source", "SourceVersion"),
    *("TimeoutInMinutes", "VpcConfig"),
)
APART = ("Name", "ResourceAccessRole", "Tags", "Triggers", "Visibility")
DEFAULTS: Mapping[str, Any] = {
    "autoRetryLimit": 0,
    "badgeEnabled": False,
    "buildBatchConfig": {},
    "cache": {"type": "NO_CACHE"},
    "concurrentBuildLimit": -1,
    "description": "",
    "encryptionKey": "alias/aws/s3",
    "fileSystemLocations": [],
    "logsConfig": {},
    "queuedTimeoutInMinutes": 480,
    "secondaryArtifacts": [],
    "secondarySourceVersions": [],
    "secondarySources": [],
    "sourceVersion": "",
    "timeoutInMinutes": 60,
    "vpcConfig": {},
}
"""What an update puts where a template says nothing: omitted members stay as they are."""
_TRIGGERS = ("BuildType", "FilterGroups", "PullRequestBuildPolicy", "ScopeConfiguration", "Webhook")


class Project:
    async def create(self, job: Job) -> Outcome:
        name, asked = str(job.properties.get("Name") or short_name(job)), _request(job)
        creating = job.cloud.ask("codebuild", "CreateProject", name=name, **asked)
        if await unless_there(job, creating, THERE) is None:
            asked = {**DEFAULTS, **asked}
            await job.cloud.ask("codebuild", "UpdateProject", name=name, **asked)
        return await settled(job, name, self._trigger(job, name))

    async def update(self, job: Job) -> Outcome:
        asked = {**DEFAULTS, **_request(job)}
        await job.cloud.ask("codebuild", "UpdateProject", name=job.physical_id, **asked)
        return await self._trigger(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        await job.cloud.ask("codebuild", "DeleteProject", name=job.physical_id)
        return Made(job.physical_id)

    async def _trigger(self, job: Job, name: str) -> Made:
        """A project has a webhook while its template says so."""
        wanted = _webhook(job.properties)
        if wanted is not None or _webhook(job.previous) is not None:
            found = await job.cloud.ask("codebuild", "BatchGetProjects", names=[name])
            there = any(project.get("webhook") for project in found["projects"])
            if wanted is not None:
                operation = "UpdateWebhook" if there else "CreateWebhook"
                # What an update leaves out stays.
                emptied = {"filterGroups": [], "buildType": "BUILD"} if there else {}
                asked = {"projectName": name, **emptied, **wanted}
                await job.cloud.ask("codebuild", operation, **asked)
            elif there:
                await job.cloud.ask("codebuild", "DeleteWebhook", projectName=name)
        place = f"{job.stack.region}:{job.stack.account}"
        return Made(name, {"Arn": f"arn:aws:codebuild:{place}:project/{name}", "Id": name})


def _request(job: Job) -> Answer:
    asked = request_of("codebuild", "CreateProjectInput", job.properties, TAKEN, APART)
    if job.properties.get("Visibility", "PRIVATE") != "PRIVATE":
        raise not_implemented("AWS::CodeBuild::Project Visibility PUBLIC_READ")
    _webhook(job.properties)  # refused before anything is made
    role = asked.get("serviceRole", "")
    if role and not role.startswith("arn:"):  # a template may say the role's name
        asked["serviceRole"] = f"arn:aws:iam::{job.stack.account}:role/{role}"
    return {**asked, "tags": as_list(tags_of(job), "key", "value")}


def _webhook(properties: Mapping[str, Any]) -> Answer | None:
    """What a project's webhook is asked to be, or None where it has none."""
    triggers = properties.get("Triggers") or {}
    for name in triggers:
        if name not in _TRIGGERS:
            raise unsupported(name)
    if str(triggers.get("Webhook", False)).lower() != "true":
        return None
    asked = {key: value for key, value in triggers.items() if key != "Webhook"}
    return shaped("codebuild", "CreateWebhookInput", asked)
