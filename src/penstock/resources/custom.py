"""Resources that a template's own provider makes: a Lambda function or an SNS topic is asked, and
answers by writing to the address it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Answer, Handler, Job, Kind, NotMade, Outcome, Waiting
from penstock.resources.shaping import whole_number
from penstock.store.signals import PATH, make_handle, mark_asked
from penstock.store.signals import Kind as HandleKind

LONGEST = 3600
"""Seconds that a provider has to answer in, if a template does not give it fewer."""
_SHOWN = 500  # characters of what a function says
TYPE = "AWS::CloudFormation::CustomResource"


class CustomResource:
    async def create(self, job: Job) -> Outcome:
        return await _ask(job, "Create")

    async def update(self, job: Job) -> Outcome:
        return await _ask(job, "Update")

    async def delete(self, job: Job) -> Outcome:
        return await _ask(job, "Delete")


async def _ask(job: Job, kind: str) -> Outcome:
    """A provider that was asked before a worker was killed is not asked again: it answers."""
    properties = job.properties
    provider, patience = str(properties.get("ServiceToken", "")), _patience(properties)
    service = _service(provider)
    about = {
        "RequestType": kind,
        "StackId": job.stack.arn,
        "RequestId": str(job.task.id),
        "LogicalResourceId": job.task.logical_id,
        **({"PhysicalResourceId": job.physical_id} if job.physical_id else {}),
    }
    async with job.store.database.transaction() as connection:
        handle = await make_handle(connection, job.task.id, HandleKind.CUSTOM, job.now, about)
    if not handle.asked:
        event = {
            **about,
            "ServiceToken": provider,
            "ResponseURL": f"{job.endpoint}{PATH}{handle.id}",
            "ResourceType": job.task.type,
            "ResourceProperties": as_texts(properties),
        }
        if kind == "Update":
            event["OldResourceProperties"] = as_texts(job.previous)
        refusal = await _send(job, service, provider, json.dumps(event, separators=(",", ":")))
        if refusal:
            return NotMade(refusal)
        await mark_asked(job.store.database, handle.id)
    return Waiting(job.now + patience, job.physical_id, Kind.REAL)


async def _send(job: Job, service: str, provider: str, text: str) -> str:
    """Why a function could not be run, where that is known at once; "" otherwise.

    AWS only queues the event. The sandbox runs the function, or fails to, before it answers: nobody
    would write to the address any more.
    """
    if service == "sns":
        subject = "AWS CloudFormation custom resource request"
        await job.cloud.ask("sns", "Publish", TopicArn=provider, Subject=subject, Message=text)
        return ""
    asked: Answer = {"FunctionName": provider, "InvocationType": "Event"}
    answered = await job.cloud.ask("lambda", "Invoke", **asked, Payload=text.encode())
    if not answered.get("FunctionError"):
        return ""
    said = answered.get("Payload") or b""
    shown = said.decode("utf-8", "replace").strip()[:_SHOWN]
    return f"The function {provider} has failed: {shown or answered['FunctionError']}"


def as_texts(value: Any) -> Any:
    """Numbers and booleans are texts by the time that a provider gets them."""
    if isinstance(value, Mapping):
        return {str(key): as_texts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_texts(one) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)


def _service(provider: str) -> str:
    parts = provider.split(":")
    service = parts[2] if len(parts) > 5 and parts[0] == "arn" else ""
    if service not in ("lambda", "sns"):
        message = (
            "Invalid Service Token: it must be the ARN of a Lambda function or of an SNS topic,"
            f" not {provider!r}"
        )
        raise AwsError("ValidationError", message)
    return service


def _patience(properties: Mapping[str, Any]) -> timedelta:
    given = properties.get("ServiceTimeout", LONGEST)
    return timedelta(seconds=whole_number(given, "ServiceTimeout", 1, LONGEST))


HANDLERS: Mapping[str, Handler] = {TYPE: CustomResource()}
