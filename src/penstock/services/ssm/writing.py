"""Parameters made, changed and removed."""

from __future__ import annotations

import re
from typing import Any

from psycopg.types.json import Jsonb

from penstock.errors import AwsError, not_implemented
from penstock.services.service import Answer, Request, Service
from penstock.services.ssm.names import check_name, resource
from penstock.services.ssm.shapes import about
from penstock.services.ssm.tags import MOST_TAGS, read_tags
from penstock.state.calls import Call
from penstock.store import parameters as rows
from penstock.store.database import Connection

TYPES = ("String", "StringList", "SecureString")
SIZES = {"Standard": 4096, "Advanced": 8192}  # bytes
TIERS = (*SIZES, "Intelligent-Tiering")
DEFAULT_KEY = "alias/aws/ssm"
_REFERENCE = re.compile(r"\{\{[^{}]*\}\}")
_IMAGE = re.compile(r"ami-[a-f0-9]{8,17}")


class Writing(Service):
    async def put_parameter(self, call: Call, request: Request) -> Answer:
        name, value = request["Name"], request["Value"]
        check_name(name, call.arn(resource(name)))
        _check(request)
        async with self.store.database.transaction() as connection:
            made = await rows.create(connection, call.account, call.region, name)
            old = await rows.lock(connection, call.account, call.region, name)
            kind = _checked_type(old, made, request)
            _check_tier(old.tier if old else None, request.get("Tier"))
            tier = _tier(request.get("Tier") or (old.tier if old else "Standard"), value)
            await _check_pattern(connection, request.get("AllowedPattern"), value)
            if old and not await rows.drop_oldest(connection, call.account, call.region, name):
                raise AwsError(
                    "ParameterMaxVersionLimitExceeded",
                    f"You attempted to create a new version of {name} by calling the PutParameter"
                    " API with the overwrite flag. Version 1, the oldest version, can't be deleted"
                    " because it has a label associated with it. Move the label to another version"
                    " of the parameter, and try again.",
                )
            number = old.latest + 1 if old else 1
            version = self._version(call, request, kind, tier, number)
            await rows.add_version(connection, call.account, call.region, name, number, version)
            if made and request.get("Tags"):
                tags = Jsonb(read_tags(request["Tags"]))
                await rows.set_tags(connection, call.account, call.region, name, tags)
        return {"Version": number, "Tier": tier}

    def _version(
        self, call: Call, request: Request, kind: str, tier: str, number: int
    ) -> rows.Version:
        name, value, secure = request["Name"], request["Value"], kind == "SecureString"
        binding = about(call.account, call.region, name, number)
        return rows.Version(
            type=kind,
            tier=tier,
            data_type=request.get("DataType") or "text",
            value=None if secure else value,
            sealed=self.store.sealer.seal(value.encode(), binding) if secure else None,
            key_id=request.get("KeyId", DEFAULT_KEY) if secure else None,
            description=request.get("Description"),
            allowed_pattern=request.get("AllowedPattern"),
            modified=call.now,
            modified_by=call.principal.arn,
        )

    async def delete_parameter(self, call: Call, request: Request) -> Answer:
        name = request["Name"]
        if not await rows.delete(self.store.database, call.account, call.region, [name]):
            raise AwsError("ParameterNotFound", f"Parameter {name} not found.")
        return {}

    async def delete_parameters(self, call: Call, request: Request) -> Answer:
        names = request["Names"]
        gone = await rows.delete(self.store.database, call.account, call.region, names)
        return {
            "DeletedParameters": [name for name in names if name in gone],
            "InvalidParameters": [name for name in names if name not in gone],
        }


def _check(request: Request) -> None:
    if request.get("Policies") not in (None, "", "[]"):
        raise not_implemented("ssm.PutParameter Policies")
    if request.get("Type", TYPES[0]) not in TYPES:
        raise _constraint(request["Type"], "type", TYPES)
    if request.get("Tier", TIERS[0]) not in TIERS:
        raise _constraint(request["Tier"], "tier", TIERS)
    if not request["Value"]:
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member"
            " must have length greater than or equal to 1.",
        )
    if _REFERENCE.search(request["Value"]):
        raise AwsError(
            "ValidationException",
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.',
        )
    if request.get("Tags") and request.get("Overwrite"):
        raise AwsError(
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together. To create a parameter with"
            " tags, please remove overwrite flag. To update tags for an existing parameter, please"
            " use AddTagsToResource or RemoveTagsFromResource.",
        )
    if len(read_tags(request.get("Tags", []))) > MOST_TAGS:
        raise AwsError("TooManyTagsError", f"A parameter can have at most {MOST_TAGS} tags.")
    _check_data_type(request.get("DataType") or "text", request["Value"])


def _check_tier(before: str | None, asked: str | None) -> None:
    if (before, asked) == ("Advanced", "Standard"):
        raise AwsError(
            "ValidationException",
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from"
            " the advanced-parameter tier to the standard-parameter tier. If necessary, you can"
            " delete the advanced parameter and recreate it as a standard parameter.",
        )


def _check_data_type(data_type: str, value: str) -> None:
    if data_type == "aws:ec2:image":
        if not _IMAGE.fullmatch(value):
            raise AwsError("ValidationException", f"{value!r} is not the id of an AMI (ami-…).")
    elif data_type != "text":
        raise AwsError(
            "ValidationException",
            f"The following data type is not supported: {data_type} (Data type names are all"
            " lowercase.)",
        )


def _checked_type(old: Any | None, made: bool, request: Request) -> str:
    """The type it will have, if it may be written: it depends on what is there (TG-076)."""
    if made:
        if "Type" not in request:
            raise AwsError(
                "ValidationException", "A parameter type is required when you create a parameter."
            )
        return str(request["Type"])
    if not request.get("Overwrite"):
        raise AwsError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the"
            " request to true.",
        )
    if old is None:
        raise AwsError("TooManyUpdates", "There are concurrent updates for a resource. Try again.")
    kind = request.get("Type", old.type)
    if "/" in request["Name"] and kind != old.type:
        raise AwsError(
            "HierarchyTypeMismatchException",
            "Parameter Store doesn't support changing a parameter type in a hierarchy. Delete the"
            f" parameter and make it anew as {kind}.",
        )
    return str(kind)


def _tier(asked: str, value: str) -> str:
    """Raises AwsError for a value too large; Intelligent-Tiering takes the first that holds it."""
    size = len(value.encode())
    tier = asked
    if asked == "Intelligent-Tiering":
        tier = "Standard" if size <= SIZES["Standard"] else "Advanced"
    if size <= SIZES[tier]:
        return tier
    more = (
        " To create a larger parameter value, upgrade the parameter to use the advanced-parameter"
        " tier."
        if tier == "Standard"
        else ""
    )
    raise AwsError(
        "ValidationException",
        f"{tier} tier parameters support a maximum parameter value of {SIZES[tier]} characters."
        + more,
    )


async def _check_pattern(connection: Connection, pattern: str | None, value: str) -> None:
    if not pattern:
        return
    matches = await rows.satisfies(connection, value, pattern)
    if matches is None:
        raise AwsError(
            "InvalidAllowedPatternException",
            f"The request doesn't meet the regular expression requirement: {pattern} is not a valid"
            " regular expression.",
        )
    if not matches:
        raise AwsError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )


def _constraint(value: str, member: str, allowed: tuple[str, ...]) -> AwsError:
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint:"
        f" Member must satisfy enum value set: [{', '.join(allowed)}]",
    )
