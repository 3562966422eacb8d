"""Stacks of a rehearsal: made, waited for, and taken away again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from penstock.cli.rehearsal.subjects import Subject
from penstock.cli.rehearsal.tellers import Teller

Client = Any
Clients = Mapping[str, Client]
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
BUCKET = "penstock-rehearsal-templates"
STAND_IN = "rehearsal"
"""What a secret parameter has that is given no value: what it opens on AWS is not asked here."""
_LARGE = 51_200  # bytes that CreateStack takes itself
_AGAIN = 0.03  # seconds
_ATTEMPTS = 3
_NESTED, _PIPELINE = "AWS::CloudFormation::Stack", "AWS::CodePipeline::Pipeline"


class StackFailed(Exception):
    """A stack could not be made, and is there as such. The text has the events that say why."""

    def __init__(self, arn: str, text: str) -> None:
        super().__init__(text)
        self.arn = arn


class Stack(NamedTuple):
    name: str
    arn: str
    resources: int
    seconds: float
    simulated: tuple[str, ...]
    recorded: tuple[str, ...]


def make_stack(subject: Subject, clients: Clients, teller: Teller) -> Stack:
    """Raises StackFailed, and ClientError for a template that is refused."""
    client = clients["cloudformation"]
    began = time.monotonic()
    template = template_of(subject, clients)
    given = _parameters(subject, client.get_template_summary(**template), teller)
    arn = client.create_stack(
        StackName=subject.stack,
        Parameters=[{"ParameterKey": name, "ParameterValue": text} for name, text in given.items()],
        Capabilities=CAPABILITIES,
        Tags=[{"Key": key, "Value": text} for key, text in subject.tags.items()],
        **template,
    )["StackId"]
    teller.doing(f"stack {subject.stack}")
    status = _wait(client, arn)
    events = _events(client, arn)
    if status != "CREATE_COMPLETE":
        raise StackFailed(arn, "\n".join(_why(subject, status, events)))
    made = list(resources_of(client, arn))
    return Stack(
        subject.stack,
        arn,
        len(made),
        time.monotonic() - began,
        tuple(sorted(set(_of_kind(events, "sandbox")))),
        tuple(sorted(set(_of_kind(events, "recorded")))),
    )


def template_of(subject: Subject, clients: Clients) -> dict[str, str]:
    """As CloudFormation's operations take it."""
    if len(subject.body.encode()) <= _LARGE:
        return {"TemplateBody": subject.body}
    s3 = clients["s3"]
    if BUCKET not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=subject.stack, Body=subject.body.encode())
    return {"TemplateURL": f"https://s3.amazonaws.com/{BUCKET}/{subject.stack}"}


def _parameters(subject: Subject, summary: Mapping[str, Any], teller: Teller) -> dict[str, str]:
    """Those given, and a stand-in for each secret that is not."""
    given = dict(subject.parameters)
    for parameter in summary.get("Parameters", ()):
        name = parameter["ParameterKey"]
        if name not in given and parameter.get("NoEcho") and "DefaultValue" not in parameter:
            given[name] = STAND_IN
            teller.note(f"{name} is a secret and was not given: it is {STAND_IN!r} here")
    return given


def _wait(client: Client, arn: str) -> str:
    while True:
        status: str = client.describe_stacks(StackName=arn)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(_AGAIN)


def _events(client: Client, arn: str) -> list[Mapping[str, Any]]:
    """The oldest first."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=arn)
    return [event for page in pages for event in page["StackEvents"]][::-1]


def _why(subject: Subject, status: str, events: list[Mapping[str, Any]]) -> Iterator[str]:
    """The resources that failed, or else what the stack says itself."""
    yield f"stack {subject.stack} of {subject.file} is {status}"
    reasons = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
        and (reason := event.get("ResourceStatusReason", ""))
        and "cancelled" not in reason
    ]
    own = (
        f"  {event['ResourceStatusReason']}"
        for event in events
        if event["ResourceStatus"].startswith("ROLLBACK") and event.get("ResourceStatusReason")
    )
    yield from reasons or own


def _of_kind(events: list[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for event in events:
        if event.get("ResourceStatusReason", "").startswith(f"[{kind}]"):
            yield event["ResourceType"]


def resources_of(client: Client, arn: str) -> Iterator[Mapping[str, Any]]:
    """Also those of stacks within."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=arn)
    for page in pages:
        for one in page["StackResourceSummaries"]:
            yield one
            if one["ResourceType"] == _NESTED and one.get("PhysicalResourceId"):
                yield from resources_of(client, one["PhysicalResourceId"])


def pipelines_of(client: Client, arn: str) -> dict[str, str]:
    """The names of a stack's pipelines, and what its template calls them."""
    return {
        one["PhysicalResourceId"]: one["LogicalResourceId"]
        for one in resources_of(client, arn)
        if one["ResourceType"] == _PIPELINE
    }


def remove_stack(arn: str, clients: Clients) -> str:
    """With the objects of its buckets, which would keep these from being deleted; returns its
    status. An action that still goes on may put one there meanwhile."""
    status = ""
    for _ in range(_ATTEMPTS):
        status = _remove(arn, clients)
        if status == "DELETE_COMPLETE":
            break
    return status


def _remove(arn: str, clients: Clients) -> str:
    client = clients["cloudformation"]
    for one in resources_of(client, arn):
        if one["ResourceType"] == "AWS::S3::Bucket" and one.get("PhysicalResourceId"):
            with suppress(clients["s3"].exceptions.NoSuchBucket):  # deleted by the attempt before
                _empty(clients["s3"], one["PhysicalResourceId"])
    client.delete_stack(StackName=arn)
    return _wait(client, arn)


def _empty(s3: Client, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        gone = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]
        if gone:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": gone, "Quiet": True})
