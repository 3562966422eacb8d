"""Webhooks that start pipelines.

RegisterWithThirdParty is taken as it is without: Penstock registers none with anybody. What pushes
to repositories hosted here start needs none, and a provider is given the Url by hand.
"""

from __future__ import annotations

from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import settled
from penstock.resources.shaping import check_names, shaped
from penstock.resources.tags import as_list, tag_change

_TAKEN = ("Authentication", "AuthenticationConfiguration", "Filters", "TargetAction")
_APART = ("Name", "RegisterWithThirdParty", "Tags", "TargetPipeline", "TargetPipelineVersion")


class Webhook:
    async def create(self, job: Job) -> Outcome:
        asked = _definition(job, str(job.properties.get("Name") or job.name(100)))
        name = asked["name"]
        return await settled(job, name, self._put(job, asked))

    async def update(self, job: Job) -> Outcome:
        return await self._put(job, _definition(job, job.physical_id))

    async def delete(self, job: Job) -> Outcome:
        await job.cloud.ask("codepipeline", "DeleteWebhook", name=job.physical_id)
        return Made(job.physical_id)

    async def _put(self, job: Job, asked: Answer) -> Made:
        change, name = tag_change(job), asked["name"]
        tags = {"tags": as_list(change.put, "key", "value")} if change.put else {}
        put = await job.cloud.ask("codepipeline", "PutWebhook", webhook=asked, **tags)
        if change.gone:
            arn = put["webhook"]["arn"]
            await job.cloud.ask(
                "codepipeline", "UntagResource", resourceArn=arn, tagKeys=change.gone
            )
        return Made(name, {"Id": name, "Url": put["webhook"]["url"]})


def _definition(job: Job, name: str) -> Answer:
    check_names(job.properties, (*_TAKEN, *_APART))
    given = {key: job.properties[key] for key in _TAKEN if key in job.properties}
    target = job.properties.get("TargetPipeline")
    asked = {**given, "Name": name, **({} if target is None else {"TargetPipeline": target})}
    return shaped("codepipeline", "WebhookDefinition", asked)
