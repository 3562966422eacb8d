"""Report groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.errors import not_implemented
from penstock.services.codebuild.errors import (
    exists,
    invalid,
    limit_exceeded,
    not_found,
    require,
)
from penstock.services.codebuild.listings import PAGE, page_of, paged
from penstock.services.codebuild.names import report_group_name
from penstock.services.codebuild.project_rules import check_tags
from penstock.services.codebuild.trends import trend
from penstock.services.codebuild.words import check_words
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import report_listings, reports

MAX_GROUPS = 1_000  # CB-184
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,127}")


class ReportGroups(Service):
    async def create_report_group(self, call: Call, request: Request) -> Answer:
        check_words("CreateReportGroupInput", request)
        name, kind = request["name"], request["type"]
        require(_NAME.fullmatch(name), f"Invalid report group name: {name}")
        check_export(request["exportConfig"])
        check_tags(request.get("tags", []))
        database = self.store.database
        if await reports.count_groups(database, call.account, call.region) >= MAX_GROUPS:
            raise limit_exceeded(
                f"Cannot have more than {MAX_GROUPS} report groups for the account"
            )
        arn = call.arn(f"report-group/{name}")
        document = {"exportConfig": request["exportConfig"], "tags": request.get("tags", [])}
        if not await reports.insert_group(
            database,
            call.account,
            call.region,
            name,
            arn=arn,
            kind=kind,
            document=document,
            now=call.now,
        ):
            raise exists(f"Report group already exists: {arn}")
        (row,) = await reports.find_groups(database, call.account, call.region, [arn])
        return {"reportGroup": _shown(row)}

    async def update_report_group(self, call: Call, request: Request) -> Answer:
        check_words("UpdateReportGroupInput", request)
        name = report_group_name(call, request["arn"])
        changes = {member: value for member, value in request.items() if member != "arn"}
        check_export(changes.get("exportConfig", reports.NO_EXPORT))
        check_tags(changes.get("tags", []))
        row = await reports.update_group(
            self.store.database, call.account, call.region, name, changes, now=call.now
        )
        if row is None:
            raise _group_not_found(request["arn"])
        return {"reportGroup": _shown(row)}

    async def delete_report_group(self, call: Call, request: Request) -> Answer:
        name = report_group_name(call, request["arn"])
        if not await reports.delete_group(
            self.store.database,
            call.account,
            call.region,
            name,
            with_reports=request.get("deleteReports", False),
        ):
            raise invalid(
                f"Report group {request['arn']} has reports: delete them or set deleteReports"
            )
        return {}

    async def batch_get_report_groups(self, call: Call, request: Request) -> Answer:
        wanted = dict.fromkeys(request["reportGroupArns"])
        rows = await reports.find_groups(
            self.store.database, call.account, call.region, list(wanted)
        )
        missing = wanted.keys() - {row.arn for row in rows}
        return {
            "reportGroups": [_shown(row) for row in rows],
            "reportGroupsNotFound": [arn for arn in wanted if arn in missing],
        }

    async def list_report_groups(self, call: Call, request: Request) -> Answer:
        check_words("ListReportGroupsInput", request)
        page, token = await page_of(self.store.database, "report_groups", call, request)
        return paged("reportGroups", [row.arn for row in page], token)

    async def get_report_group_trend(self, call: Call, request: Request) -> Answer:
        check_words("GetReportGroupTrendInput", request)
        name = report_group_name(call, request["reportGroupArn"])
        database = self.store.database
        group = await reports.find_group(database, call.account, call.region, name)
        if group is None:
            raise _group_not_found(request["reportGroupArn"])
        rows = await report_listings.list_summaries(
            database, call.account, call.region, name, request.get("numOfReports", PAGE)
        )
        found = trend(group.type, request["trendField"], [(row.arn, row.summary) for row in rows])
        if found is None:
            raise invalid(
                f"Trend field {request['trendField']} is not of report groups of type {group.type}"
            )
        return found


def check_export(export: Mapping[str, Any]) -> None:
    """Raises InvalidInputException, and NotImplemented as Penstock exports no reports."""
    kind, destination = export.get("exportConfigType"), export.get("s3Destination")
    require(kind, "Export config type is required")
    require(
        kind != "S3" or destination,
        "S3 export config is required when export config type is S3",
    )
    require(
        kind != "NO_EXPORT" or not destination,
        "S3 export config should not be specified when export config type is NO_EXPORT",
    )
    if kind == "S3":
        raise not_implemented("CodeBuild.ReportExportConfig.exportConfigType S3")


def _shown(row: Any) -> Answer:
    return {
        "arn": row.arn,
        "name": row.name,
        "type": row.type,
        **row.document,
        "created": row.created,
        "lastModified": row.modified,
        "status": "ACTIVE",
    }


def _group_not_found(arn: str) -> Exception:
    return not_found(f"Report group cannot be found: {arn}")
