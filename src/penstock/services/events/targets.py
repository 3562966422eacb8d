"""Targets of rules (TG-095, TG-096)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.documents.input_templates import InputError, is_sound, read_path, read_template
from penstock.errors import AwsError, not_implemented
from penstock.services.events.buses import BAD_TOKEN
from penstock.services.events.details import Malformed, read_json
from penstock.services.events.names import (
    bus_missing,
    check_name,
    invalid,
    rule_missing,
    rule_name,
    too_many,
)
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import event_buses, event_rules
from penstock.store.database import Connection
from penstock.store.event_rules import RuleName

MOST_TARGETS = 5
PAGE = 100
_ARN = re.compile(r"arn:aws[\w-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]{12})?:(.+)")
_RESOURCES = {
    "codebuild": r"project/[A-Za-z0-9][\w-]{1,254}",
    "codepipeline": r"[A-Za-z0-9.@_-]{1,100}",
    "events": r"event-bus/[/.\-_A-Za-z0-9]+",
    "firehose": r"deliverystream/[\w.-]+",
    "kinesis": r"stream/[\w.-]+",
    "lambda": r"function:[\w:$-]+",
    "logs": r"log-group:[^:*]+(:\*)?",
    "sns": r"[\w.-]+",
    "sqs": r"[\w.-]+",
    "states": r"stateMachine:.+",
}
"""The kinds of targets there are, by their ARN's service, and what an ARN ends with."""
_ABSENT = (
    *("KinesisParameters", "RunCommandParameters", "EcsParameters", "BatchParameters"),
    *("HttpParameters", "RedshiftDataParameters", "SageMakerPipelineParameters"),
    "AppSyncParameters",
)
_INPUTS = ("Input", "InputPath", "InputTransformer")

Target = Mapping[str, Any]


class Targets(Service):
    async def put_targets(self, call: Call, request: Request) -> Answer:
        for number, target in enumerate(request["Targets"], 1):
            check_name(target["Id"], f"targets.{number}.member.id")
            _check(call, target)
        async with self.store.database.transaction() as connection:
            row = await _lock(connection, call, request)
            if not await event_rules.put_targets(
                connection, row.id, request["Targets"], MOST_TARGETS
            ):
                raise too_many()
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def remove_targets(self, call: Call, request: Request) -> Answer:
        async with self.store.database.transaction() as connection:
            row = await _lock(connection, call, request)
            await event_rules.remove_targets(connection, row.id, request["Ids"])
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def list_targets_by_rule(self, call: Call, request: Request) -> Answer:
        name, limit = _rule(call, request), request.get("Limit", PAGE)
        async with self.store.database.transaction() as connection:
            await _check_bus(connection, name)
        row = await event_rules.find(self.store.database, name)
        if row is None:
            raise rule_missing(name)
        kind = f"targets:{name.arn}"
        after = read_token(kind, request.get("NextToken"), BAD_TOKEN)
        rows = await event_rules.list_targets(
            self.store.database, row.id, after=after[0] if after else "", limit=limit + 1
        )
        page, token = cut(rows, limit, lambda row: make_token(kind, row.id))
        answer: Answer = {"Targets": [row.document for row in page]}
        return answer | ({"NextToken": token} if token else {})


def _rule(call: Call, request: Request) -> RuleName:
    return rule_name(call, request["Rule"], request.get("EventBusName"), "rule")


async def _lock(connection: Connection, call: Call, request: Request) -> Any:
    name = _rule(call, request)
    await _check_bus(connection, name)
    row = await event_rules.lock(connection, name)
    if row is None:
        raise rule_missing(name)
    return row


async def _check_bus(connection: Connection, name: RuleName) -> None:
    if not await event_buses.hold(connection, *name[:3]):
        raise bus_missing(name.bus)


def _check(call: Call, target: Target) -> None:
    """Raises AwsError for a target that is none here."""
    name, service = target["Id"], _service(call, target)
    for member in _ABSENT:
        if target.get(member):
            raise not_implemented(f"events.PutTargets.{member}")
    given = [member for member in _INPUTS if target.get(member) is not None]
    if len(given) > 1:
        raise invalid(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if given and service == "events":
        raise invalid(f"Input is not supported for target {name}: an event bus gets events.")
    if target.get("Input") is not None:
        _check_input(name, target["Input"])
    if target.get("InputPath") is not None:
        _check_path(name, target["InputPath"])
    if target.get("InputTransformer") is not None:
        _check_transformer(name, target["InputTransformer"])
    _check_dead_letters(call, target)


def _service(call: Call, target: Target) -> str:
    arn = _ARN.fullmatch(target["Arn"])
    if arn is None:
        raise invalid(f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in"
                      " correct format.")  # fmt: skip
    service, _, account, resource = arn.groups()
    if service not in _RESOURCES:
        raise not_implemented(f"events.PutTargets with a target of {service}")
    if not re.fullmatch(_RESOURCES[service], resource):
        raise invalid(f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in"
                      " correct format.")  # fmt: skip
    if account != call.account:
        raise not_implemented("events.PutTargets with a target of another account")
    return service


def _check_input(name: str, text: str) -> None:
    try:
        read_json(text)
    except Malformed:
        raise invalid(f"JSON syntax error in input for target {name}.") from None


def _check_path(name: str, path: str) -> None:
    try:
        read_path(path)
    except InputError:
        raise invalid(f"Invalid InputPath for target {name}.") from None


def _check_transformer(name: str, transformer: Mapping[str, Any]) -> None:
    paths = transformer.get("InputPathsMap", {})
    for key, path in paths.items():
        if key.upper().startswith("AWS"):
            raise invalid(
                f"InputPathsMap for target {name} has the key {key}: none begins with AWS."
            )
        try:
            read_path(path)
        except InputError:
            raise invalid(f"Invalid InputPathsMap for target {name}: {path}") from None
    try:
        template = read_template(transformer["InputTemplate"], paths)
    except InputError as error:
        raise invalid(
            f"InputTemplate for target {name} contains invalid placeholder {error}."
        ) from None
    if not is_sound(template):
        raise invalid(f"Invalid InputTemplate for target {name} : it does not come to JSON.")


def _check_dead_letters(call: Call, target: Target) -> None:
    arn = target.get("DeadLetterConfig", {}).get("Arn")
    if arn and not re.fullmatch(rf"arn:aws[\w-]*:sqs:[a-z0-9-]+:{call.account}:[\w-]+", arn):
        raise AwsError(
            "ValidationException",
            f"Parameter DeadLetterConfig.Arn is not valid. Reason: {arn} is no SQS queue of this"
            " account, or a FIFO queue.",
        )
