"""Types of actions: AWS's own, and those that an account makes (CP-145, CP-159)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.action_types import (
    ACTION_TYPES,
    ActionTypeSpec,
    Counts,
    Property,
    custom_action_type,
)
from penstock.documents.pipelines import TypeId
from penstock.errors import AwsError
from penstock.services.codepipeline.errors import invalid, invalid_token, limit_exceeded
from penstock.services.codepipeline.tag_rules import checked_tags, shown_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import custom_action_types as store
from penstock.store.custom_action_types import CustomTypeName

MAX_TYPES = 50  # CP-176
PAGE = 100
CATEGORIES = ("Source", "Build", "Deploy", "Test", "Invoke")
"""Those of which an account can make types."""


class ActionTypes(Service):
    async def create_custom_action_type(self, call: Call, request: Request) -> Answer:
        name = _name_of(call, request)
        document = {member: value for member, value in request.items() if member != "tags"}
        _check(document)
        arn = call.arn(f"actiontype:Custom/{name.category}/{name.provider}/{name.version}")
        tags = checked_tags(arn, {}, request.get("tags", []))
        async with self.store.database.transaction() as connection:
            known = await store.find_type(connection, name)
            if known is not None and known.deleted is not None and known.document != document:
                raise invalid(
                    f"{_shown_name(name)} has been deleted, and had another definition: use a"
                    " version that was never used, or the same definition"
                )
            if await store.count_types(connection, call.account, call.region) >= MAX_TYPES:
                raise limit_exceeded(
                    f"Account '{call.account}' cannot have more than {MAX_TYPES} custom action"
                    " types"
                )
            if not await store.save_type(connection, name, document, tags, call.now):
                raise invalid(f"{_shown_name(name)} already exists")
        answer: Answer = {"actionType": _shown(custom_action_type(document))}
        return {**answer, "tags": shown_tags(tags)} if tags else answer

    async def delete_custom_action_type(self, call: Call, request: Request) -> None:
        """Of an absent one too: the model has no error for it."""
        await store.delete_type(self.store.database, _name_of(call, request), call.now)

    async def list_action_types(self, call: Call, request: Request) -> Answer:
        """By owner, category, provider and version. Each is there in every Region."""
        owner = request.get("actionOwnerFilter", "")
        kind = f"action types {owner}"
        after = read_token(kind, request.get("nextToken"), invalid_token())
        custom = await store.custom_types(self.store.database, call.account, call.region)
        specs = sorted([*ACTION_TYPES.values(), *custom.values()], key=_position)
        rest = [
            spec
            for spec in specs
            if owner in ("", spec.type.owner) and (after is None or _position(spec) > after)
        ]
        page, token = cut(rest, PAGE, lambda spec: make_token(kind, *_position(spec)))
        answer: Answer = {"actionTypes": [_shown(spec) for spec in page]}
        return {**answer, "nextToken": token} if token else answer

    async def get_action_type(self, call: Call, request: Request) -> Answer:
        """Of AWS's and third parties' own; how they are performed inside AWS is not told."""
        parts = (request[part] for part in ("category", "owner", "provider", "version"))
        type = TypeId(*parts)
        spec = ACTION_TYPES.get(type)
        if spec is None:
            raise AwsError(
                "ActionTypeNotFoundException",
                f"The action type {'/'.join(type)} does not exist",
            )
        return {"actionType": _declaration(spec)}


def _name_of(call: Call, request: Mapping[str, Any]) -> CustomTypeName:
    parts = (request[part] for part in ("category", "provider", "version"))
    return CustomTypeName(call.account, call.region, *parts)


def _shown_name(name: CustomTypeName) -> str:
    return (
        f"ActionType (Category: '{name.category}', Provider: '{name.provider}', Owner: 'Custom',"
        f" Version: '{name.version}')"
    )


def _check(document: Mapping[str, Any]) -> None:
    """CP-145. Raises ValidationException."""
    if document["category"] not in CATEGORIES:
        raise invalid(f"A custom action type cannot be of category {document['category']}")
    for member in ("inputArtifactDetails", "outputArtifactDetails"):
        if document[member]["minimumCount"] > document[member]["maximumCount"]:
            raise invalid(f"The minimumCount of {member} is greater than its maximumCount")
    properties = document.get("configurationProperties", [])
    if len({one["name"] for one in properties}) < len(properties):
        raise invalid("The names of configuration properties must be unique")
    queryable = [one for one in properties if one.get("queryable")]
    if len(queryable) > 1:
        raise invalid("A custom action type can have one queryable property")
    if any(one["secret"] or not one["required"] for one in queryable):
        raise invalid("A queryable property must be required and not secret")


def _position(spec: ActionTypeSpec) -> tuple[str, ...]:
    return spec.type.owner, spec.type.category, spec.type.provider, spec.type.version


def _shown(spec: ActionTypeSpec) -> Answer:
    """ActionType"""
    shown: Answer = {
        "id": spec.type._asdict(),
        "actionConfigurationProperties": [shown_property(one) for one in spec.properties],
        "inputArtifactDetails": shown_counts(spec.inputs),
        "outputArtifactDetails": shown_counts(spec.outputs),
    }
    return {**shown, "settings": dict(spec.settings)} if spec.settings else shown


def _declaration(spec: ActionTypeSpec) -> Answer:
    """ActionTypeDeclaration"""
    return {
        "id": spec.type._asdict(),
        "executor": {"type": "JobWorker", "configuration": {}},
        "properties": [
            {
                "name": one.name,
                "optional": not one.required,
                "key": one.key,
                "noEcho": one.secret,
                "queryable": one.queryable,
            }
            for one in spec.properties
        ],
        "inputArtifactDetails": shown_counts(spec.inputs),
        "outputArtifactDetails": shown_counts(spec.outputs),
    }


def shown_counts(counts: Counts) -> Answer:
    return {"minimumCount": counts.least, "maximumCount": counts.most}


def shown_property(one: Property) -> Answer:
    shown: Answer = {
        "name": one.name,
        "required": one.required,
        "key": one.key,
        "secret": one.secret,
        "queryable": one.queryable,
    }
    if one.description:
        shown["description"] = one.description
    if one.kind:
        shown["type"] = one.kind
    return shown
