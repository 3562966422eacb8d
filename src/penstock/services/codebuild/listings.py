"""What CodeBuild's listings have in common: pages, and the order of what has a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.services.codebuild.errors import invalid
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.store.database import Database
from penstock.store.named_listings import Table, list_named

PAGE = 100


def position(kind: str, request: Request) -> tuple[Any, ...] | None:
    """Where the page before ended. Raises InvalidInputException."""
    return read_token(kind, request.get("nextToken"), invalid("Invalid nextToken provided"))


def paged(member: str, page: Sequence[Any], token: str | None) -> Answer:
    return {member: page, "nextToken": token} if token else {member: page}


async def page_of(
    database: Database, table: Table, call: Call, request: Request
) -> tuple[Sequence[Any], str | None]:
    """Rows with `name` and `arn` as sortBy and sortOrder say, and the next page's token."""
    sort_by = request.get("sortBy", "NAME")
    order = request.get("sortOrder", "ASCENDING")
    limit = request.get("maxResults", PAGE)
    kind = f"{table} {sort_by} {order}"
    after = position(kind, request)
    rows = await list_named(
        database,
        table,
        call.account,
        call.region,
        sort_by=sort_by,
        descending=order == "DESCENDING",
        after=(after[0], after[1]) if after else None,
        limit=limit + 1,
    )
    return cut(rows, limit, lambda row: make_token(kind, row.key, row.name))
