"""AWS Cloud Control API, for the types that the sandbox has a model of.

It makes resources as CloudFormation does, at once: what CreateResource answers is how it ended. The
identifier of a resource is what Ref gives in a template.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

from penstock.documents.resource_schemas import schema_of
from penstock.errors import AwsError
from penstock.sandbox.cloudcontrol.models import attributes, change, make, model_of, remove
from penstock.sandbox.cloudcontrol.patches import patched
from penstock.sandbox.cloudcontrol.removals import Kept
from penstock.sandbox.kept_here import KeptHere
from penstock.state.calls import Call
from penstock.store import Store

EVENTS = 10_000  # that are remembered
Request = dict[str, Any]
Answer = dict[str, Any]


class Key(NamedTuple):
    account: str
    region: str
    type: str
    identifier: str


class CloudControl(KeptHere):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._kept: dict[Key, Kept] = {}
        self._events: dict[tuple[str, str], Answer] = {}  # by account and token
        self._one = Lock()

    async def create_resource(self, call: Call, request: Request) -> Answer:
        type, desired = request["TypeName"], _desired(request["DesiredState"])

        def create() -> Kept:
            name = _name(type, desired) or f"{type.rpartition(':')[2]}-{uuid4().hex[:12]}"
            made = make(type, name, desired, call.account, call.region)
            self._kept[Key(call.account, call.region, type, made.physical_id)] = made
            return made

        return await self._perform(call, request, "CREATE", create)

    async def get_resource(self, call: Call, request: Request) -> Answer:
        kept = await self._find(call, request)
        described = {"Identifier": kept.physical_id, "Properties": _properties(kept)}
        return {"TypeName": kept.type, "ResourceDescription": described}

    async def update_resource(self, call: Call, request: Request) -> Answer:
        kept = await self._find(call, request)
        properties = patched(kept.properties, request["PatchDocument"])

        def update() -> Kept:
            now = change(kept, properties)
            del self._kept[_key(kept)]
            self._kept[_key(now)] = now
            return now

        return await self._perform(call, request, "UPDATE", update)

    async def delete_resource(self, call: Call, request: Request) -> Answer:
        kept = await self._find(call, request)

        def delete() -> Kept:
            remove(kept)
            del self._kept[_key(kept)]
            return kept

        return await self._perform(call, request, "DELETE", delete)

    async def list_resources(self, call: Call, request: Request) -> Answer:
        """All in one page."""
        type = request["TypeName"]
        await asyncio.to_thread(model_of, type)
        found = [
            {"Identifier": key.identifier, "Properties": _properties(kept)}
            for key, kept in self._kept.items()
            if key[:3] == (call.account, call.region, type)
        ]
        return {"TypeName": type, "ResourceDescriptions": found}

    async def get_resource_request_status(self, call: Call, request: Request) -> Answer:
        token = request["RequestToken"]
        for (account, _), event in self._events.items():
            if account == call.account and event["RequestToken"] == token:
                return {"ProgressEvent": event}
        raise AwsError("RequestTokenNotFoundException", f"There is no request {token}", 404)

    async def _find(self, call: Call, request: Request) -> Kept:
        type, identifier = request["TypeName"], request["Identifier"]
        await asyncio.to_thread(model_of, type)
        kept = self._kept.get(Key(call.account, call.region, type, identifier))
        if kept is None:
            message = f"Resource of type '{type}' with identifier '{identifier}' was not found."
            raise AwsError("ResourceNotFoundException", message, 404)
        return kept

    async def _perform(
        self, call: Call, request: Request, operation: str, act: Callable[[], Kept]
    ) -> Answer:
        """The event, once for each token. The library is slow to import, and no one's thread."""
        token = (call.account, request.get("ClientToken") or str(uuid4()))
        await asyncio.to_thread(model_of, request["TypeName"])

        def perform() -> Answer:
            with self._one:
                if token not in self._events:
                    self._events[token] = _event(call, request, operation, act)
                    if len(self._events) > EVENTS:
                        del self._events[next(iter(self._events))]
                return self._events[token]

        event = await asyncio.to_thread(perform)
        if (event["TypeName"], event["Operation"]) != (request["TypeName"], operation):
            message = "The client token was used for another request"
            raise AwsError("ClientTokenConflictException", message, 409)
        return {"ProgressEvent": event}


def _event(call: Call, request: Request, operation: str, act: Callable[[], Kept]) -> Answer:
    event = {
        "TypeName": request["TypeName"],
        "RequestToken": str(uuid4()),
        "Operation": operation,
        "EventTime": call.now,
        **({"Identifier": request["Identifier"]} if "Identifier" in request else {}),
    }
    try:
        kept = act()
    except AwsError as error:
        told = {"ErrorCode": _code(error), "StatusMessage": error.message}
        return event | told | {"OperationStatus": "FAILED"}
    made = {"Identifier": kept.physical_id, "ResourceModel": _properties(kept)}
    return event | made | {"OperationStatus": "SUCCESS"}


def _properties(kept: Kept) -> str:
    schema = schema_of(kept.type)
    names = (schema.attributes if schema else None) or ()
    return json.dumps({**kept.properties, **attributes(kept, names)}, default=str)


def _key(kept: Kept) -> Key:
    return Key(kept.account, kept.region, kept.type, kept.physical_id)


def _name(type: str, properties: Request) -> str:
    return str(properties.get(model_of(type).cloudformation_name_type() or "", ""))


def _desired(text: str) -> dict[str, Any]:
    try:
        desired = json.loads(text)
    except ValueError:
        desired = None
    if not isinstance(desired, dict):
        raise AwsError("InvalidRequestException", "[DesiredState] is not a JSON object")
    return desired


def _code(error: AwsError) -> str:
    for part, code in _CODES:
        if part in error.code:
            return code
    return "GeneralServiceException"


_CODES = (
    ("UnsupportedAction", "ServiceInternalError"),
    ("AlreadyExist", "AlreadyExists"),
    ("InUse", "AlreadyExists"),
    ("Duplicate", "AlreadyExists"),
    ("NotFound", "NotFound"),
    ("NoSuch", "NotFound"),
    ("NonExist", "NotFound"),
    ("DoesNotExist", "NotFound"),
    ("Conflict", "ResourceConflict"),
    ("DependencyViolation", "ResourceConflict"),
    ("LimitExceeded", "ServiceLimitExceeded"),
    ("Invalid", "InvalidRequest"),
    ("Validation", "InvalidRequest"),
)
"""What a service's code contains, and CloudFormation's word for it."""
