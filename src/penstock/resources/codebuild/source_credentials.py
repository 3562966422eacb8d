"""Credentials of sources: one for each kind of server."""

from __future__ import annotations

from penstock.resources.contract import Job, Made, Outcome
from penstock.resources.existence import unless_gone
from penstock.resources.shaping import request_of

_TAKEN = ("AuthType", "ServerType", "Token", "Username")


class SourceCredential:
    async def create(self, job: Job) -> Outcome:
        return await self._put(job, overwrite=job.again)

    async def update(self, job: Job) -> Outcome:
        return await self._put(job, overwrite=True)

    async def delete(self, job: Job) -> Outcome:
        deleting = job.cloud.ask("codebuild", "DeleteSourceCredentials", arn=job.physical_id)
        await unless_gone(deleting, "ResourceNotFoundException")
        return Made(job.physical_id)

    async def _put(self, job: Job, *, overwrite: bool) -> Made:
        shape = "ImportSourceCredentialsInput"
        asked = request_of("codebuild", shape, job.properties, _TAKEN)
        put = await job.cloud.ask(
            "codebuild", "ImportSourceCredentials", **asked, shouldOverwrite=overwrite
        )
        return Made(put["arn"], {"Arn": put["arn"]})
