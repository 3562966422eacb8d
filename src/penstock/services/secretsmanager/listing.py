"""Listings of secrets and of their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import AwsError
from penstock.services.paging import make_token, read_token
from penstock.services.secretsmanager.names import Named, arn, not_found, read_identity
from penstock.services.secretsmanager.shapes import description
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store import secrets as rows

BAD_TOKEN = AwsError("InvalidNextTokenException", "Invalid NextToken.")
KEYS = ("name", "description", "tag-key", "tag-value", "all", "primary-region", "owning-service")
ORDERS = {
    "created-date": lambda row: row.created,
    "last-changed-date": lambda row: row.changed,
    "last-accessed-date": lambda row: (
        row.accessed is not None,
        row.accessed or row.created.date(),
    ),
    "name": lambda row: row.name,
}


class Listing(Named):
    async def list_secrets(self, call: Call, request: Request) -> Answer:
        filters = request.get("Filters", [])
        for wanted in filters:
            if wanted.get("Key") not in KEYS:
                raise AwsError(
                    "ValidationException",
                    f"1 validation error detected: Value '{wanted.get('Key')}' at 'filters.key'"
                    f" failed to satisfy constraint: Member must satisfy enum value set:"
                    f" [{', '.join(KEYS)}]",
                )
        deleted = request.get("IncludePlannedDeletion", False)
        found = await rows.listed(self.store.database, call.account, call.region, deleted)
        passing = [
            row
            for row in found
            if (not row.purged or row.purged > call.now) and _passes(row, filters)
        ]
        passing.sort(
            key=ORDERS[request.get("SortBy", "created-date")],
            reverse=request.get("SortOrder", "desc") == "desc",
        )
        page, token = _page(request, passing, "secrets")
        versions = await rows.versions(self.store.database, [row.id for row in page])
        stages: dict[int, dict[str, list[str]]] = {row.id: {} for row in page}
        for version in versions:
            if version.stages:
                stages[version.secret][version.version_id] = version.stages
        listed = [
            description(call, row) | {"SecretVersionsToStages": stages[row.id]} for row in page
        ]
        return {"SecretList": listed} | ({"NextToken": token} if token else {})

    async def list_secret_version_ids(self, call: Call, request: Request) -> Answer:
        row = await rows.find(
            self.store.database, call.account, call.region, read_identity(request["SecretId"])
        )
        if row is None:
            raise not_found()
        versions = [
            version
            for version in await rows.versions(self.store.database, [row.id])
            if version.stages or request.get("IncludeDeprecated")
        ]
        page, token = _page(request, versions, f"versions:{row.id}")
        listed = [
            {
                "VersionId": version.version_id,
                "VersionStages": version.stages,
                "CreatedDate": version.created,
            }
            for version in page
        ]
        answer = {"Versions": listed, "ARN": arn(call, row), "Name": row.name}
        return answer | ({"NextToken": token} if token else {})


def _page(request: Request, found: Sequence[Any], kind: str) -> tuple[Sequence[Any], str | None]:
    (start,) = read_token(kind, request.get("NextToken"), BAD_TOKEN) or (0,)
    end = start + request.get("MaxResults", 100)
    return found[start:end], make_token(kind, end) if end < len(found) else None


def _passes(row: Any, filters: Sequence[Mapping[str, Any]]) -> bool:
    return all(_passes_one(row, wanted["Key"], wanted.get("Values", [])) for wanted in filters)


def _passes_one(row: Any, key: str, values: Sequence[str]) -> bool:
    """A value is the beginning of what it looks for; `!` before it denies that."""
    have = _have(row, key)
    for value in values:
        denied, text = value.startswith("!"), value.removeprefix("!")
        if any(one.startswith(text) for one in have) is not denied:
            return True
    return False


def _have(row: Any, key: str) -> list[str]:
    name, about = [row.name], [row.description or "", *(row.description or "").split()]
    match key:
        case "name":
            return name
        case "description":
            return about
        case "tag-key":
            return list(row.tags)
        case "tag-value":
            return list(row.tags.values())
        case "all":
            return [*name, *about, *row.tags, *row.tags.values()]
    return []
