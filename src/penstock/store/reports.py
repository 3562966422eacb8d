"""Report groups and the reports of builds, with their test cases and coverages (CB-065…070)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from psycopg.types.json import Jsonb

from penstock.errors import AwsError
from penstock.store.database import Connection, Database

if TYPE_CHECKING:
    from penstock.runner.codebuild.reports.model import Coverage, Report

KEPT = timedelta(days=30)  # CB-069
NO_EXPORT = {"exportConfigType": "NO_EXPORT"}

Document = dict[str, Any]


async def record_report(
    connection: Connection,
    *,
    account: str,
    region: str,
    build_arn: str,
    report: Report,
    now: datetime,
) -> str:
    """Makes a finished build's report into rows and returns its ARN; a second time changes nothing.

    The report's name is its group's, which is made where it is missing, or the ARN of one that is
    there (CB-065). Raises AwsError where that is not, or is for reports of the other type.
    """
    group = await _group_of(connection, account, region, report, now)
    unique = uuid5(NAMESPACE_URL, f"{build_arn} {group}")
    arn = f"arn:aws:codebuild:{region}:{account}:report/{group}:{unique}"
    made = await connection.execute(
        "INSERT INTO reports (arn, account, region, group_name, execution, type, status, truncated,"
        " summary, created, expires) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            arn,
            account,
            region,
            group,
            build_arn,
            report.type,
            report.status,
            report.truncated,
            Jsonb(_summary(report)),
            now,
            now + KEPT,
        ),
    )
    if made.rowcount:
        await _copy_cases(connection, arn, report)
        await _copy_coverages(connection, arn, report)
    return arn


async def _group_of(
    connection: Connection, account: str, region: str, report: Report, now: datetime
) -> str:
    prefix = f"arn:aws:codebuild:{region}:{account}:report-group/"
    name = report.name.removeprefix(prefix)
    if name == report.name and not name.startswith("arn:"):
        await connection.execute(
            _INSERT_GROUP,
            (
                account,
                region,
                name,
                prefix + name,
                report.type,
                Jsonb({"exportConfig": NO_EXPORT, "tags": []}),
                now,
                now,
            ),
        )
    found = await connection.execute(
        "SELECT type FROM report_groups WHERE (account, region, name) = (%s, %s, %s) FOR SHARE",
        (account, region, name),
    )
    row = await found.fetchone()
    if row is None:
        raise AwsError("ResourceNotFoundException", f"Report group cannot be found: {report.name}")
    if row.type != report.type:
        raise AwsError(
            "InvalidInputException", f"Report group {name} is for reports of type {row.type}"
        )
    return name


_INSERT_GROUP = (
    "INSERT INTO report_groups (account, region, name, arn, type, document, created, modified)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)


def _summary(report: Report) -> Document:
    if report.type == "TEST":
        return {
            "total": report.total,
            "statusCounts": {str(status): n for status, n in report.status_counts.items()},
            "durationInNanoSeconds": report.duration,
        }
    return _coverage(report.coverage)


def _coverage(coverage: Coverage) -> Document:
    shown = {
        "lineCoveragePercentage": coverage.line_percentage,
        "linesCovered": coverage.lines_covered,
        "linesMissed": coverage.lines_missed,
        "branchCoveragePercentage": coverage.branch_percentage,
        "branchesCovered": coverage.branches_covered,
        "branchesMissed": coverage.branches_missed,
    }
    return {member: value for member, value in shown.items() if value is not None}


async def _copy_cases(connection: Connection, arn: str, report: Report) -> None:
    async with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY test_cases (report, position, name, prefix, status, duration, message, file)"
            " FROM STDIN"
        ) as copy,
    ):
        for position, case in enumerate(report.cases):
            await copy.write_row(
                (
                    arn,
                    position,
                    case.name,
                    case.prefix,
                    str(case.status),
                    case.duration,
                    case.message,
                    case.file,
                )
            )


async def _copy_coverages(connection: Connection, arn: str, report: Report) -> None:
    async with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY code_coverages (report, position, path, lines_covered, lines_missed,"
            " branches_covered, branches_missed, line_percentage, branch_percentage) FROM STDIN"
        ) as copy,
    ):
        for position, entry in enumerate(report.coverages):
            found = entry.coverage
            await copy.write_row(
                (
                    arn,
                    position,
                    entry.path,
                    *found,
                    found.line_percentage,
                    found.branch_percentage,
                )
            )


async def forget_expired_reports(database: Database, now: datetime) -> int:
    """Deletes reports past their 30 days (CB-069) and returns how many."""
    return await database.execute("DELETE FROM reports WHERE expires <= %s", (now,))


async def count_groups(database: Database, account: str, region: str) -> int:
    row = await database.fetch_one(
        "SELECT count(*) AS found FROM report_groups WHERE account = %s AND region = %s",
        (account, region),
    )
    return int(row.found) if row else 0


async def insert_group(
    database: Database,
    account: str,
    region: str,
    name: str,
    *,
    arn: str,
    kind: str,
    document: Document,
    now: datetime,
) -> bool:
    """False where there is one of this name."""
    made = await database.execute(
        _INSERT_GROUP, (account, region, name, arn, kind, Jsonb(document), now, now)
    )
    return made == 1


async def update_group(
    database: Database, account: str, region: str, name: str, changes: Document, *, now: datetime
) -> Any | None:
    """The row with members of its document replaced, or None."""
    return await database.fetch_one(
        "UPDATE report_groups SET document = document || %s, modified = %s"
        " WHERE (account, region, name) = (%s, %s, %s) RETURNING *",
        (Jsonb(changes), now, account, region, name),
        commits=True,
    )


async def find_groups(
    database: Database, account: str, region: str, arns: Sequence[str]
) -> list[Any]:
    return await database.fetch(
        "SELECT * FROM report_groups WHERE account = %s AND region = %s AND arn = ANY (%s)"
        " ORDER BY array_position(%s::text[], arn)",
        (account, region, list(arns), list(arns)),
    )


async def find_group(database: Database, account: str, region: str, name: str) -> Any | None:
    return await database.fetch_one(
        "SELECT * FROM report_groups WHERE (account, region, name) = (%s, %s, %s)",
        (account, region, name),
    )


async def delete_group(
    database: Database, account: str, region: str, name: str, *, with_reports: bool
) -> bool:
    """False where reports are left in it, which keep it; a group that is absent is gone already."""
    key = (account, region, name)
    async with database.transaction() as connection:
        await connection.execute(
            "SELECT 1 FROM report_groups WHERE (account, region, name) = (%s, %s, %s) FOR UPDATE",
            key,
        )
        if with_reports:
            await connection.execute(
                "DELETE FROM reports WHERE (account, region, group_name) = (%s, %s, %s)", key
            )
        gone = await connection.execute(
            "DELETE FROM report_groups g WHERE (account, region, name) = (%s, %s, %s)"
            " AND NOT EXISTS (SELECT 1 FROM reports r WHERE"
            "   (r.account, r.region, r.group_name) = (g.account, g.region, g.name))",
            key,
        )
        if gone.rowcount:
            return True
        left = await connection.execute(
            "SELECT 1 FROM report_groups WHERE (account, region, name) = (%s, %s, %s)", key
        )
        return await left.fetchone() is None
