"""Repositories of ECR, in the sandbox: no images are kept there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone, unless_there
from penstock.resources.sandboxed import Sandboxed, changed
from penstock.resources.shaping import request_of, shaped
from penstock.resources.tags import as_list, tag_change, tags_of

_REPOSITORY = (
    "EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability",
    "ImageTagMutabilityExclusionFilters", "RepositoryName",
)  # fmt: skip
_APART = ("EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText", "Tags")


class Repository(Sandboxed):
    async def make(self, job: Job) -> str:
        asked = _request(job)
        name = asked.setdefault("repositoryName", job.name(256, lower=True))
        asked["tags"] = as_list(tags_of(job))
        await unless_there(job, job.cloud.ask("ecr", "CreateRepository", **asked))
        return str(name)

    async def change(self, job: Job) -> None:
        which, asked = {"repositoryName": job.physical_id}, _request(job)
        mutable = asked.get("imageTagMutability", "MUTABLE")
        if changed(job, "ImageTagMutability"):
            operation = "PutImageTagMutability"
            await job.cloud.ask("ecr", operation, **which, imageTagMutability=mutable)
        if changed(job, "ImageScanningConfiguration"):
            scanning = asked.get("imageScanningConfiguration", {"scanOnPush": False})
            operation = "PutImageScanningConfiguration"
            await job.cloud.ask("ecr", operation, **which, imageScanningConfiguration=scanning)
        change, arn = tag_change(job), _arn(job, job.physical_id)
        if change.gone:
            await job.cloud.ask("ecr", "UntagResource", resourceArn=arn, tagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("ecr", "TagResource", resourceArn=arn, tags=tags)

    async def complete(self, job: Job, physical_id: str) -> None:
        which = {"repositoryName": physical_id}
        lifecycle = job.properties.get("LifecyclePolicy")
        if isinstance(lifecycle, Mapping) and lifecycle.get("LifecyclePolicyText"):
            given = {"lifecyclePolicyText": lifecycle["LifecyclePolicyText"]}
            asked = shaped("ecr", "PutLifecyclePolicyRequest", given)
            await job.cloud.ask("ecr", "PutLifecyclePolicy", **which, **asked)
        elif changed(job, "LifecyclePolicy"):
            await unless_gone(job.cloud.ask("ecr", "DeleteLifecyclePolicy", **which))
        if text := job.properties.get("RepositoryPolicyText"):
            asked = shaped("ecr", "SetRepositoryPolicyRequest", {"policyText": text})
            await job.cloud.ask("ecr", "SetRepositoryPolicy", **which, **asked)
        elif changed(job, "RepositoryPolicyText"):
            await unless_gone(job.cloud.ask("ecr", "DeleteRepositoryPolicy", **which))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        registry = f"{job.stack.account}.dkr.ecr.{job.stack.region}.amazonaws.com"
        return {"Arn": _arn(job, physical_id), "RepositoryUri": f"{registry}/{physical_id}"}

    async def remove(self, job: Job) -> None:
        force = str(job.properties.get("EmptyOnDelete", "")).lower() == "true"
        asked = {"repositoryName": job.physical_id, "force": force}
        await job.cloud.ask("ecr", "DeleteRepository", **asked)


def _request(job: Job) -> dict[str, Any]:
    return request_of("ecr", "CreateRepositoryRequest", job.properties, _REPOSITORY, _APART)


def _arn(job: Job, name: str) -> str:
    return f"arn:aws:ecr:{job.stack.region}:{job.stack.account}:repository/{name}"


HANDLERS: Mapping[str, Handler] = {"AWS::ECR::Repository": Repository()}
