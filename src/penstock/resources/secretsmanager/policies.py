"""The policy of a secret: a secret has one, and it goes by the secret's ARN."""

from __future__ import annotations

from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import unless_gone
from penstock.resources.shaping import check_names, shaped

ABSENT = "ResourceNotFoundException"
_NAMES = ("BlockPublicPolicy", "ResourcePolicy", "SecretId")


class ResourcePolicy:
    async def create(self, job: Job) -> Outcome:
        return await self._put(job)

    async def update(self, job: Job) -> Outcome:
        return await self._put(job)

    async def delete(self, job: Job) -> Outcome:
        asked = {"SecretId": job.physical_id}
        deleting = job.cloud.ask("secretsmanager", "DeleteResourcePolicy", **asked)
        await unless_gone(deleting, ABSENT)
        return Made(job.physical_id)

    async def _put(self, job: Job) -> Made:
        check_names(job.properties, _NAMES)
        asked: Answer = shaped("secretsmanager", "PutResourcePolicyRequest", job.properties)
        put = await job.cloud.ask("secretsmanager", "PutResourcePolicy", **asked)
        return Made(put["ARN"], {"Id": put["ARN"]})
