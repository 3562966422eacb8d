"""Types of actions of an account's own."""

from __future__ import annotations

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_TAKEN = (
    *("Category", "ConfigurationProperties", "InputArtifactDetails", "OutputArtifactDetails"),
    *("Provider", "Settings", "Version"),
)


class CustomActionType:
    async def create(self, job: Job) -> Outcome:
        asked = _request(job)
        if tags := tags_of(job):
            asked["tags"] = as_list(tags, "key", "value")
        try:
            await job.cloud.ask("codepipeline", "CreateCustomActionType", **asked)
        except AwsError as error:
            if not (job.again and "already exists" in error.message):
                raise
        return _made(asked)

    async def update(self, job: Job) -> Outcome:
        """Only tags can be others: each other property makes another type."""
        asked, change = _request(job), tag_change(job)
        place = f"arn:aws:codepipeline:{job.stack.region}:{job.stack.account}"
        about = {"resourceArn": f"{place}:actiontype:Custom/{_identity(asked, '/')}"}
        if change.gone:
            await job.cloud.ask("codepipeline", "UntagResource", **about, tagKeys=change.gone)
        if change.put:
            tags = as_list(change.put, "key", "value")
            await job.cloud.ask("codepipeline", "TagResource", **about, tags=tags)
        return _made(asked)

    async def delete(self, job: Job) -> Outcome:
        category, provider, version = job.physical_id.split("|")
        asked = {"category": category, "provider": provider, "version": version}
        await job.cloud.ask("codepipeline", "DeleteCustomActionType", **asked)
        return Made(job.physical_id)


def _request(job: Job) -> Answer:
    shape = "CreateCustomActionTypeInput"
    asked = request_of("codepipeline", shape, job.properties, _TAKEN, ("Tags",))
    for one in asked.get("configurationProperties", ()):
        for name in ("key", "required", "secret"):
            one.setdefault(name, False)
    return asked


def _made(asked: Answer) -> Made:
    return Made(_identity(asked, "|"), {"Id": _identity(asked, "|")})


def _identity(asked: Answer, between: str) -> str:
    return between.join(asked[part] for part in ("category", "provider", "version"))
