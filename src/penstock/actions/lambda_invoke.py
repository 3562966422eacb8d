"""A rule that a function decides (CP-074, CP-156, CP-157).

The function is told of a job, and ends it by PutJobSuccessResult or PutJobFailureResult, whatever
it returns. With a continuation token it is invoked again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from penstock.actions.clients import AWAY, ask
from penstock.actions.contract import Failed, Outcome, Start, Waiting
from penstock.errors import AwsError
from penstock.flow.jobs import Job, hand_out
from penstock.store import Store


async def start(store: Store, start: Start) -> Outcome:
    """May invoke the function more than once for a job, as AWS may."""
    function = start.configuration["FunctionName"]
    job = await hand_out(store, start, datetime.now(UTC))
    if job is None:
        return Failed("JobFailed", "The rule has ended meanwhile")
    payload = json.dumps(job_event(job)).encode()
    try:
        problem = await ask(
            store, start, "lambda", lambda client: _invoke(client, function, payload)
        )
    except AwsError as error:
        code = "JobFailed" if error.code == AWAY else "ConfigurationError"
        return Failed(
            code, f"The function {function} cannot be invoked: {error.code}: {error.message}"
        )
    if problem:
        return Failed("JobFailed", f"The function {function} failed: {problem}")
    return Waiting(external_id=str(job.id))


def job_event(job: Job) -> dict[str, Any]:
    """What the function is given."""
    data = {name: value for name, value in job.data.items() if name not in _NOT_TOLD}
    return {"CodePipeline.job": {"id": str(job.id), "accountId": job.account, "data": data}}


_NOT_TOLD = ("actionTypeId", "pipelineContext")


def _invoke(client: Any, function: str, payload: bytes) -> str:
    """What is wrong, if whoever ran the function says so at once."""
    from botocore.exceptions import ReadTimeoutError

    try:
        answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    except ReadTimeoutError:
        return ""  # it has been asked, and may well run while we wait
    return str(answer.get("FunctionError", ""))
