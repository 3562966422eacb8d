"""Reading reports page by page. `after` is where the page before ended, `limit` rows at most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from penstock.store.database import Database


async def list_reports(
    database: Database,
    account: str,
    region: str,
    *,
    group: str | None,
    status: str | None,
    descending: bool,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Any]:
    """ARNs of all groups' reports or of one group's, by creation."""
    parameters = {
        "account": account,
        "region": region,
        "group": group,
        "status": status,
        "created": after and after[0],
        "arn": after and after[1],
        "limit": limit,
    }
    return await database.fetch(_NEWEST_FIRST if descending else _OLDEST_FIRST, parameters)


_NEWEST_FIRST = (
    "SELECT arn, created FROM reports WHERE account = %(account)s AND region = %(region)s"
    " AND (%(group)s::text IS NULL OR group_name = %(group)s)"
    " AND (%(status)s::text IS NULL OR status = %(status)s)"
    " AND (%(arn)s::text IS NULL OR (created, arn) < (%(created)s::timestamptz, %(arn)s))"
    " ORDER BY created DESC, arn DESC LIMIT %(limit)s"
)
_OLDEST_FIRST = (
    "SELECT arn, created FROM reports WHERE account = %(account)s AND region = %(region)s"
    " AND (%(group)s::text IS NULL OR group_name = %(group)s)"
    " AND (%(status)s::text IS NULL OR status = %(status)s)"
    " AND (%(arn)s::text IS NULL OR (created, arn) > (%(created)s::timestamptz, %(arn)s))"
    " ORDER BY created, arn LIMIT %(limit)s"
)


async def find_reports(
    database: Database, account: str, region: str, arns: Sequence[str]
) -> list[Any]:
    """Rows of reports, each with its `group_document`."""
    return await database.fetch(
        "SELECT r.*, g.arn AS group_arn, g.document AS group_document FROM reports r"
        " JOIN report_groups g"
        "   ON (g.account, g.region, g.name) = (r.account, r.region, r.group_name)"
        " WHERE r.account = %s AND r.region = %s AND r.arn = ANY (%s)"
        " ORDER BY array_position(%s::text[], r.arn)",
        (account, region, list(arns), list(arns)),
    )


async def find_report(database: Database, account: str, region: str, arn: str) -> Any | None:
    found = await find_reports(database, account, region, [arn])
    return found[0] if found else None


async def delete_report(database: Database, account: str, region: str, arn: str) -> None:
    await database.execute(
        "DELETE FROM reports WHERE account = %s AND region = %s AND arn = %s",
        (account, region, arn),
    )


async def list_summaries(
    database: Database, account: str, region: str, group: str, limit: int
) -> list[Any]:
    """Of the newest reports of a group, the newest first."""
    return await database.fetch(
        "SELECT arn, summary FROM reports WHERE (account, region, group_name) = (%s, %s, %s)"
        " ORDER BY created DESC, arn DESC LIMIT %s",
        (account, region, group, limit),
    )


async def list_cases(
    database: Database, report: str, *, status: str | None, keyword: str, after: int, limit: int
) -> list[Any]:
    """Cases past the position `after`; `keyword` is found in the name or the prefix."""
    return await database.fetch(
        "SELECT * FROM test_cases WHERE report = %(report)s AND position > %(after)s"
        " AND (%(status)s::text IS NULL OR status = %(status)s)"
        " AND (strpos(name, %(keyword)s) > 0 OR strpos(prefix, %(keyword)s) > 0)"
        " ORDER BY position LIMIT %(limit)s",
        {
            "report": report,
            "after": after,
            "status": status,
            "keyword": keyword,
            "limit": limit,
        },
    )


async def list_coverages(
    database: Database,
    report: str,
    *,
    by_percentage: bool,
    descending: bool,
    least: float,
    most: float,
    skip: int,
    limit: int,
) -> list[Any]:
    """Coverages of `least` to `most` percent of lines; a file without lines has none, and is 0."""
    return await database.fetch(
        "SELECT * FROM code_coverages WHERE report = %(report)s"
        " AND coalesce(line_percentage, 0) BETWEEN %(least)s AND %(most)s"
        " ORDER BY"
        "  CASE WHEN %(by)s AND %(descending)s THEN coalesce(line_percentage, 0) END DESC,"
        "  CASE WHEN %(by)s AND NOT %(descending)s THEN coalesce(line_percentage, 0) END,"
        "  CASE WHEN %(descending)s THEN path END DESC, path, position"
        " OFFSET %(skip)s LIMIT %(limit)s",
        {
            "report": report,
            "by": by_percentage,
            "descending": descending,
            "least": least,
            "most": most,
            "skip": skip,
            "limit": limit,
        },
    )
