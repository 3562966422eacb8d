"""What the CDK writes into templates about itself: nothing is made of it."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.contract import Handler, Job, Kind, Made, Outcome


class Metadata:
    async def create(self, job: Job) -> Outcome:
        physical_id = str(job.task.id)
        return Made(physical_id, {"Id": physical_id}, Kind.RECORDED)

    async def update(self, job: Job) -> Outcome:
        return Made(job.physical_id, {"Id": job.physical_id}, Kind.RECORDED)

    async def delete(self, job: Job) -> Outcome:
        return Made(job.physical_id, kind=Kind.RECORDED)


HANDLERS: Mapping[str, Handler] = {"AWS::CDK::Metadata": Metadata()}
