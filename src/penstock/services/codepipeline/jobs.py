"""Jobs, as job workers ask for them and report of them (CP-157, CP-158)."""

from __future__ import annotations

from uuid import UUID

from penstock.documents.pipelines import TypeId
from penstock.errors import AwsError
from penstock.flow import jobs
from penstock.flow.jobs import Job, Report
from penstock.services.codepipeline.errors import invalid
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import Failed, Revision
from penstock.store.action_executions import Result
from penstock.store.custom_action_types import custom_types


class Jobs(Service):
    async def poll_for_jobs(self, call: Call, request: Request) -> Answer:
        type_id = TypeId(**request["actionTypeId"])
        if type_id not in await custom_types(self.store.database, call.account, call.region):
            raise AwsError(
                "ActionTypeNotFoundException",
                f"The action type {'/'.join(type_id)} does not exist",
            )
        query = request.get("queryParam", {})
        if len(query) > 1:
            raise invalid("queryParam has one key at most")
        found = await jobs.poll(
            self.store,
            (call.account, call.region),
            type_id,
            query=next(iter(query.items()), None),
            limit=request.get("maxBatchSize", 1),
            now=call.now,
        )
        return {"jobs": [{**_shown(job), "nonce": job.nonce} for job in found]}

    async def acknowledge_job(self, call: Call, request: Request) -> Answer:
        job = UUID(request["jobId"])
        return {"status": await jobs.acknowledge(self.store, call.account, job, request["nonce"])}

    async def get_job_details(self, call: Call, request: Request) -> Answer:
        job = await jobs.describe(self.store, call.account, UUID(request["jobId"]), call.now)
        return {"jobDetails": _shown(job)}

    async def put_job_success_result(self, call: Call, request: Request) -> Answer:
        details = request.get("executionDetails", {})
        current = request.get("currentRevision")
        revision = (
            Revision(current["revision"], current.get("revisionSummary", "")) if current else None
        )
        result = Result(
            external_id=details.get("externalExecutionId", ""),
            summary=details.get("summary", ""),
            percent_complete=details.get("percentComplete"),
        )
        report = Report(
            request.get("outputVariables", {}),
            revision,
            request.get("continuationToken", ""),
            result,
        )
        await jobs.succeed(self.store, call.account, UUID(request["jobId"]), report, call.now)
        return {}

    async def put_job_failure_result(self, call: Call, request: Request) -> Answer:
        details = request["failureDetails"]
        failed = Failed(details["type"], details["message"])
        result = Result(external_id=details.get("externalExecutionId", ""))
        job = UUID(request["jobId"])
        await jobs.fail(self.store, call.account, job, failed, result, call.now)
        return {}


def _shown(job: Job) -> Answer:
    return {"id": str(job.id), "accountId": job.account, "data": job.data}
