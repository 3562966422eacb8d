"""Report groups."""

from __future__ import annotations

from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import unless_there
from penstock.resources.naming import short_name
from penstock.resources.shaping import request_of
from penstock.resources.tags import as_list, tags_of

THERE = "ResourceAlreadyExistsException"


class ReportGroup:
    async def create(self, job: Job) -> Outcome:
        name, asked = str(job.properties.get("Name") or short_name(job)), _request(job)
        creating = job.cloud.ask("codebuild", "CreateReportGroup", name=name, **asked)
        place = f"{job.stack.region}:{job.stack.account}"
        arn = f"arn:aws:codebuild:{place}:report-group/{name}"
        if await unless_there(job, creating, THERE) is None:
            del asked["type"]
            await job.cloud.ask("codebuild", "UpdateReportGroup", arn=arn, **asked)
        return Made(arn, {"Arn": arn})

    async def update(self, job: Job) -> Outcome:
        asked = _request(job)
        del asked["type"]
        await job.cloud.ask("codebuild", "UpdateReportGroup", arn=job.physical_id, **asked)
        return Made(job.physical_id, {"Arn": job.physical_id})

    async def delete(self, job: Job) -> Outcome:
        reports = str(job.properties.get("DeleteReports", False)).lower() == "true"
        asked = {"arn": job.physical_id, "deleteReports": reports}
        await job.cloud.ask("codebuild", "DeleteReportGroup", **asked)
        return Made(job.physical_id)


def _request(job: Job) -> Answer:
    taken, apart = ("Type", "ExportConfig"), ("DeleteReports", "Name", "Tags")
    asked = request_of("codebuild", "CreateReportGroupInput", job.properties, taken, apart)
    return {**asked, "tags": as_list(tags_of(job), "key", "value")}
