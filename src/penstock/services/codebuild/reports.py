"""Reports, their test cases and code coverages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from penstock.services.codebuild.errors import invalid, not_found
from penstock.services.codebuild.listings import PAGE, paged, position
from penstock.services.codebuild.names import check_report_arn, report_group_name
from penstock.services.codebuild.words import check_words
from penstock.services.paging import cut, make_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import report_listings
from penstock.store.reports import find_group

_CASE_STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
_SUMMARIES = {"TEST": "testSummary", "CODE_COVERAGE": "codeCoverageSummary"}
_COVERED = {
    "lineCoveragePercentage": "line_percentage",
    "linesCovered": "lines_covered",
    "linesMissed": "lines_missed",
    "branchCoveragePercentage": "branch_percentage",
    "branchesCovered": "branches_covered",
    "branchesMissed": "branches_missed",
}


class Reports(Service):
    async def batch_get_reports(self, call: Call, request: Request) -> Answer:
        wanted = dict.fromkeys(request["reportArns"])
        rows = await report_listings.find_reports(
            self.store.database, call.account, call.region, list(wanted)
        )
        missing = wanted.keys() - {row.arn for row in rows}
        return {
            "reports": [_shown(row) for row in rows],
            "reportsNotFound": [arn for arn in wanted if arn in missing],
        }

    async def list_reports(self, call: Call, request: Request) -> Answer:
        check_words("ListReportsInput", request)
        return await self._listed(call, request, None)

    async def list_reports_for_report_group(self, call: Call, request: Request) -> Answer:
        check_words("ListReportsForReportGroupInput", request)
        arn = request["reportGroupArn"]
        name = report_group_name(call, arn)
        if not await find_group(self.store.database, call.account, call.region, name):
            raise not_found(f"Report group cannot be found: {arn}")
        return await self._listed(call, request, name)

    async def _listed(self, call: Call, request: Request, group: str | None) -> Answer:
        order, limit = request.get("sortOrder", "DESCENDING"), request.get("maxResults", PAGE)
        status = request.get("filter", {}).get("status")
        kind = f"reports {group} {status} {order}"
        after = position(kind, request)
        rows = await report_listings.list_reports(
            self.store.database,
            call.account,
            call.region,
            group=group,
            status=status,
            descending=order == "DESCENDING",
            after=(datetime.fromisoformat(after[0]), after[1]) if after else None,
            limit=limit + 1,
        )
        page, token = cut(
            rows, limit, lambda row: make_token(kind, row.created.isoformat(), row.arn)
        )
        return paged("reports", [row.arn for row in page], token)

    async def delete_report(self, call: Call, request: Request) -> Answer:
        check_report_arn(call, request["arn"])
        await report_listings.delete_report(
            self.store.database, call.account, call.region, request["arn"]
        )
        return {}

    async def describe_test_cases(self, call: Call, request: Request) -> Answer:
        arn, limit = request["reportArn"], request.get("maxResults", PAGE)
        check_report_arn(call, arn)
        wanted = request.get("filter", {})
        status = wanted.get("status")
        if status and status not in _CASE_STATUSES:
            raise invalid(f"Invalid status provided: {status}")
        database = self.store.database
        report = await report_listings.find_report(database, call.account, call.region, arn)
        if report is None:
            raise not_found(f"Report cannot be found: {arn}")
        after = position(f"cases {arn}", request)
        rows = await report_listings.list_cases(
            database,
            arn,
            status=status,
            keyword=wanted.get("keyword", ""),
            after=after[0] if after else -1,
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token(f"cases {arn}", row.position))
        return paged("testCases", [_case(row, report.expires) for row in page], token)

    async def describe_code_coverages(self, call: Call, request: Request) -> Answer:
        check_words("DescribeCodeCoveragesInput", request)
        arn, limit = request["reportArn"], request.get("maxResults", PAGE)
        check_report_arn(call, arn)
        database = self.store.database
        report = await report_listings.find_report(database, call.account, call.region, arn)
        if report is None:  # the model has no other error for this operation
            raise invalid(f"Report cannot be found: {arn}")
        after = position(f"coverages {arn}", request)
        skip = after[0] if after else 0
        rows = await report_listings.list_coverages(
            database,
            arn,
            by_percentage=request.get("sortBy") == "LINE_COVERAGE_PERCENTAGE",
            descending=request.get("sortOrder") == "DESCENDING",
            least=request.get("minLineCoveragePercentage", 0),
            most=request.get("maxLineCoveragePercentage", 100),
            skip=skip,
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token(f"coverages {arn}", skip + limit))
        return paged("codeCoverages", [_coverage(row, report.expires) for row in page], token)


def _shown(row: Any) -> Answer:
    return {
        "arn": row.arn,
        "type": row.type,
        "name": row.group_name,
        "reportGroupArn": row.group_arn,
        "executionId": row.execution,
        "status": row.status,
        "created": row.created,
        "expired": row.expires,
        "exportConfig": row.group_document["exportConfig"],
        "truncated": row.truncated,
        _SUMMARIES[row.type]: row.summary,
    }


def _case(row: Any, expires: datetime) -> Answer:
    return {
        "reportArn": row.report,
        "testRawDataPath": row.file,
        "prefix": row.prefix,
        "name": row.name,
        "status": row.status,
        "durationInNanoSeconds": row.duration,
        "message": row.message,
        "expired": expires,
    }


def _coverage(row: Any, expires: datetime) -> Answer:
    shown: Answer = {
        "id": f"{row.report.rpartition(':')[2]}-{row.position}",
        "reportARN": row.report,
        "filePath": row.path,
        "expired": expires,
    }
    figures = {member: getattr(row, column) for member, column in _COVERED.items()}
    return shown | {member: figure for member, figure in figures.items() if figure is not None}
