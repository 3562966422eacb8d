"""Log groups and their retention (TG-046, TG-047)."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.logs.names import (
    check_group,
    find_group,
    group_arn,
    group_missing,
    group_of,
    invalid,
    milliseconds,
    one_of,
    unsatisfied,
)
from penstock.services.logs.tags import MOST_TAGS
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import log_groups

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827),
    *(2192, 2557, 2922, 3288, 3653),
)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
PAGE = 50
_BAD_TOKEN = invalid("The specified nextToken is invalid.")


class Groups(Service):
    async def create_log_group(self, call: Call, request: Request) -> None:
        name = check_group(request["logGroupName"])
        if name.lower().startswith("aws/"):
            raise invalid("Log groups starting with AWS/ are reserved for AWS.")
        if "kmsKeyId" in request:
            raise not_implemented("CreateLogGroup.kmsKeyId")
        kind = one_of(request.get("logGroupClass", "STANDARD"), "logGroupClass", CLASSES)
        if kind not in CLASSES[:2]:
            raise not_implemented(f"CreateLogGroup.logGroupClass {kind}")
        tags = request.get("tags", {})
        if len(tags) > MOST_TAGS:
            raise invalid(f"A log group can have at most {MOST_TAGS} tags.")
        made = await log_groups.create(
            self.store.database,
            call.account,
            call.region,
            name,
            now=call.now,
            protected=request.get("deletionProtectionEnabled", False),
            kind=kind,
            tags=tags,
        )
        if not made:
            raise AwsError(
                "ResourceAlreadyExistsException", "The specified log group already exists"
            )

    async def delete_log_group(self, call: Call, request: Request) -> None:
        group = await find_group(self.store, call, check_group(request["logGroupName"]))
        if group.protected:
            raise AwsError(
                "ValidationException",
                "The log group has deletion protection enabled and cannot be deleted.",
            )
        await log_groups.delete(self.store, group.id)

    async def describe_log_groups(self, call: Call, request: Request) -> Answer:
        if request.get("includeLinkedAccounts"):
            raise not_implemented("DescribeLogGroups.includeLinkedAccounts")
        prefix = request.get("logGroupNamePrefix", "")
        part = request.get("logGroupNamePattern", "")
        if prefix and part:
            raise invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        names = request.get("logGroupIdentifiers")
        if names is not None and (prefix or part):
            raise invalid("logGroupIdentifiers cannot be used with other filters.")
        listing = f"groups:{prefix}:{part}"
        (after,) = read_token(listing, request.get("nextToken"), _BAD_TOKEN) or ("",)
        limit = request.get("limit", PAGE)
        rows = await log_groups.describe(
            self.store.database,
            call.account,
            call.region,
            prefix=prefix,
            part=part,
            kind=request.get("logGroupClass"),
            names=None
            if names is None
            else [group_of(call, name, "logGroupIdentifiers") for name in names],
            after=after,
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token(listing, row.name))
        answer: Answer = {"logGroups": [_shape(call, row) for row in page]}
        return answer | ({"nextToken": token} if token else {})

    async def put_retention_policy(self, call: Call, request: Request) -> None:
        days = request["retentionInDays"]
        if days not in RETENTIONS:
            values = ", ".join(map(str, RETENTIONS))
            raise unsatisfied(days, "retentionInDays", f"enum value set: [{values}]")
        await self._set_retention(call, request["logGroupName"], days)

    async def delete_retention_policy(self, call: Call, request: Request) -> None:
        await self._set_retention(call, request["logGroupName"], None)

    async def _set_retention(self, call: Call, name: str, days: int | None) -> None:
        if not await log_groups.set_retention(
            self.store.database, call.account, call.region, check_group(name), days
        ):
            raise group_missing()

    async def put_log_group_deletion_protection(self, call: Call, request: Request) -> None:
        name = group_of(call, request["logGroupIdentifier"], "logGroupIdentifier")
        protected = request["deletionProtectionEnabled"]
        if not await log_groups.set_protected(
            self.store.database, call.account, call.region, name, protected
        ):
            raise group_missing()


def _shape(call: Call, row: Any) -> Answer:
    arn = group_arn(call, row.name)
    group = {
        "logGroupName": row.name,
        "creationTime": milliseconds(row.created),
        "metricFilterCount": row.metric_filters,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": row.bytes,
        "logGroupClass": row.kind,
        "deletionProtectionEnabled": row.protected,
    }
    if row.retention_days is not None:
        group["retentionInDays"] = row.retention_days
    return group
