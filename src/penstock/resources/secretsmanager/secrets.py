"""Secrets, with the value they are given or one that is drawn for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import settled, unless_gone, unless_there
from penstock.resources.naming import short_name
from penstock.resources.shaping import check_names, shaped
from penstock.resources.tags import as_list, tag_change, tags_of

ABSENT = "ResourceNotFoundException"
LACKING = ("ReplicaRegions", "Type")
_NAMES = ("Description", "GenerateSecretString", "KmsKeyId", "Name", "SecretString", "Tags")
_TEMPLATE = ("SecretStringTemplate", "GenerateStringKey")


class Secret:
    async def create(self, job: Job) -> Outcome:
        _check(job)
        name = str(job.properties.get("Name") or short_name(job))
        asked = {**_about(job), **await self._content(job)}
        if tags := tags_of(job):
            asked["Tags"] = as_list(tags)
        creating = job.cloud.ask("secretsmanager", "CreateSecret", Name=name, **asked)
        made = await unless_there(job, creating, "ResourceExistsException")
        if made is None:  # with the value that the first attempt drew
            made = await job.cloud.ask("secretsmanager", "DescribeSecret", SecretId=name)
        return _made(made["ARN"])

    async def update(self, job: Job) -> Outcome:
        _check(job)
        arn = job.physical_id
        about = {"Description": "", "KmsKeyId": "", **_about(job)}
        content = {}
        if differs(job, "SecretString", "GenerateSecretString") and not await self._is_put(job):
            content = await self._content(job)
        await job.cloud.ask("secretsmanager", "UpdateSecret", SecretId=arn, **about, **content)
        return await settled(job, arn, self._tag(job))

    async def delete(self, job: Job) -> Outcome:
        """At once, without the days in which it could be restored, as CloudFormation does."""
        asked = {"SecretId": job.physical_id, "ForceDeleteWithoutRecovery": True}
        await unless_gone(job.cloud.ask("secretsmanager", "DeleteSecret", **asked), ABSENT)
        return Made(job.physical_id)

    async def _tag(self, job: Job) -> Made:
        change, asked = tag_change(job), {"SecretId": job.physical_id}
        if change.gone:
            await job.cloud.ask("secretsmanager", "UntagResource", **asked, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("secretsmanager", "TagResource", **asked, Tags=tags)
        return _made(job.physical_id)

    async def _is_put(self, job: Job) -> bool:
        """Whether an earlier attempt at this task has put its value, which may have been drawn."""
        if not job.again:
            return False
        asked = {"SecretId": job.physical_id}
        found = await job.cloud.ask("secretsmanager", "DescribeSecret", **asked)
        return str(job.task.id) in found.get("VersionIdsToStages", {})

    async def _content(self, job: Job) -> Answer:
        """The value; its version goes by the task, so that the same task makes one version."""
        token = {"ClientRequestToken": str(job.task.id)}
        if "SecretString" in job.properties:
            text = shaped("secretsmanager", "CreateSecretRequest", _only(job, "SecretString"))
            return {**text, **token}
        if "GenerateSecretString" not in job.properties:
            return {}
        given = job.properties["GenerateSecretString"]
        if not isinstance(given, Mapping):
            raise AwsError("ValidationError", "GenerateSecretString must be an object")
        rules = {key: value for key, value in given.items() if key not in _TEMPLATE}
        asked = shaped("secretsmanager", "GetRandomPasswordRequest", rules)
        drawn = await job.cloud.ask("secretsmanager", "GetRandomPassword", **asked)
        return {"SecretString": filled(given, drawn["RandomPassword"]), **token}


def filled(given: Mapping[str, Any], password: str) -> str:
    """A drawn password, as a member of the template's object where there is a template."""
    template, key = (given.get(name) for name in _TEMPLATE)
    if template is None and key is None:
        return password
    if template is None or key is None:
        names = " and ".join(_TEMPLATE)
        raise AwsError("ValidationError", f"{names} can only be given together")
    try:
        found = json.loads(template) if isinstance(template, str) else template
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        raise AwsError("ValidationError", "SecretStringTemplate must be a JSON object")
    return json.dumps({**found, str(key): password}, separators=(",", ":"))


def _check(job: Job) -> None:
    check_names(job.properties, (*_NAMES, *LACKING))
    for name in LACKING:
        if job.properties.get(name):
            raise not_implemented(f"AWS::SecretsManager::Secret {name}")
    if {"SecretString", "GenerateSecretString"} <= job.properties.keys():
        message = "You can't specify both GenerateSecretString and SecretString"
        raise AwsError("ValidationError", message)


def _about(job: Job) -> Answer:
    asked = _only(job, "Description", "KmsKeyId")
    return shaped("secretsmanager", "CreateSecretRequest", asked)


def _only(job: Job, *names: str) -> dict[str, Any]:
    return {name: job.properties[name] for name in names if name in job.properties}


def _made(arn: str) -> Made:
    return Made(arn, {"Id": arn})
