"""Parameters of Parameter Store (TG-075)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.resources.contract import Answer, Handler, Job, Made, Outcome
from penstock.resources.existence import settled, unless_gone, unless_there
from penstock.resources.naming import short_name
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change

ABSENT = "ParameterNotFound"
TAKEN = ("AllowedPattern", "DataType", "Description", "Policies", "Tier", "Type", "Value")


class Parameter:
    async def create(self, job: Job) -> Outcome:
        name, asked = _name(job), _request(job)
        putting = job.cloud.ask("ssm", "PutParameter", Name=name, **asked)
        if await unless_there(job, putting, "ParameterAlreadyExists") is None:
            await job.cloud.ask("ssm", "PutParameter", Name=name, Overwrite=True, **asked)
        return await settled(job, name, self._tag(job, name))

    async def update(self, job: Job) -> Outcome:
        name = job.physical_id
        await job.cloud.ask("ssm", "PutParameter", Name=name, Overwrite=True, **_request(job))
        return await self._tag(job, name)

    async def delete(self, job: Job) -> Outcome:
        await unless_gone(job.cloud.ask("ssm", "DeleteParameter", Name=job.physical_id), ABSENT)
        return Made(job.physical_id)

    async def _tag(self, job: Job, name: str) -> Made:
        change = tag_change(job)
        about = {"ResourceType": "Parameter", "ResourceId": name}
        if change.gone:
            await job.cloud.ask("ssm", "RemoveTagsFromResource", **about, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("ssm", "AddTagsToResource", **about, Tags=tags)
        return Made(name, _attributes(job, name))


def _name(job: Job) -> str:
    """CloudFormation's own names of parameters do not have the stack's in them."""
    return str(job.properties.get("Name") or f"CFN-{short_name(job)}")


def _request(job: Job) -> Answer:
    asked = request_of("ssm", "PutParameterRequest", job.properties, TAKEN, ("Name", "Tags"))
    if asked.get("Type") == "SecureString":
        raise AwsError("ValidationError", "CloudFormation makes no parameters of type SecureString")
    if asked.pop("Policies", "") not in ("", "[]", "{}"):
        raise not_implemented("AWS::SSM::Parameter Policies")
    return asked


def _attributes(job: Job, name: str) -> Mapping[str, Any]:
    path = name if name.startswith("/") else f"/{name}"
    place = f"{job.stack.region}:{job.stack.account}"
    return {
        "Arn": f"arn:aws:ssm:{place}:parameter{path}",
        "Type": str(job.properties.get("Type", "")),
        "Value": str(_request(job).get("Value", "")),
    }


HANDLERS: Mapping[str, Handler] = {"AWS::SSM::Parameter": Parameter()}
