"""Report groups and reports: from a runner's report to rows, and from rows to the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from penstock.documents.buildspec import ReportFormat, ReportGroup
from penstock.errors import AwsError
from penstock.runner.codebuild.reports.model import (
    CaseStatus,
    CodeCoverage,
    Coverage,
    Report,
    ReportStatus,
    ReportType,
    make_case,
)
from penstock.runner.codebuild.reports.reader import group_name, read_report
from penstock.services.codebuild import CodeBuild
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.reports import forget_expired_reports, record_report

pytestmark = pytest.mark.anyio

ACCOUNT, REGION = "000000000000", "us-east-1"
PREFIX = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:"
BUILD = f"{PREFIX}build/web:1"
GROUP = f"{PREFIX}report-group/web-unit"
JUNIT = """<testsuite name="shop">
<testcase classname="shop.Cart" name="adds" time="0.25"/>
<testcase classname="shop.Cart" name="removes" time="0.5"><failure>two left</failure></testcase>
<testcase classname="shop.Till" name="sums"><skipped/></testcase>
</testsuite>"""


@pytest.fixture
def codebuild(store: Store) -> CodeBuild:
    return CodeBuild(store)


@pytest.fixture
def call(call_of: Callable[..., Call]) -> Call:
    return call_of("codebuild", "ListReports")


def report_of(*statuses: CaseStatus, name: str = "web-unit") -> Report:
    counts = {status: statuses.count(status) for status in CaseStatus}
    return Report(
        name=name,
        type=ReportType.TEST,
        status=ReportStatus.SUCCEEDED,
        cases=tuple(make_case(f"test {n}", "suite", s, 1000) for n, s in enumerate(statuses)),
        coverages=(),
        total=len(statuses),
        truncated=False,
        status_counts=counts,
        duration=1000 * len(statuses),
        coverage=Coverage(),
        problems=(),
    )


def coverage_report(**files: Coverage) -> Report:
    return report_of()._replace(
        name="web-cover",
        type=ReportType.CODE_COVERAGE,
        coverages=tuple(CodeCoverage(path, found) for path, found in files.items()),
        total=len(files),
        coverage=Coverage(10, 1, 3, 1),
    )


async def record(store: Store, call: Call, report: Report, build: str = BUILD) -> str:
    async with store.database.transaction() as connection:
        return await record_report(
            connection,
            account=ACCOUNT,
            region=REGION,
            build_arn=build,
            report=report,
            now=call.now,
        )


async def test_a_build_s_result_files_become_a_report_of_the_api(
    codebuild: CodeBuild, call: Call, store: Store, tmp_path: Any
) -> None:
    """CB-065, CB-068, CB-070: a new group `<project>-<name>`, counts of all five, nanoseconds."""
    path = tmp_path / "results.xml"
    path.write_text(JUNIT)
    group = ReportGroup("unit", (), file_format=ReportFormat.JUNITXML)
    report = read_report(group, (str(path),), group_name("web", "unit"))
    arn = await record(store, call, report)
    got = await codebuild.batch_get_reports(call, {"reportArns": [arn, f"{PREFIX}report/x:1"]})
    assert got == {
        "reports": [
            {
                "arn": arn,
                "type": "TEST",
                "name": "web-unit",
                "reportGroupArn": GROUP,
                "executionId": BUILD,
                "status": "FAILED",
                "created": call.now,
                "expired": call.now + timedelta(days=30),
                "exportConfig": {"exportConfigType": "NO_EXPORT"},
                "truncated": False,
                "testSummary": {
                    "total": 3,
                    "statusCounts": {
                        "SUCCEEDED": 1,
                        "FAILED": 1,
                        "ERROR": 0,
                        "SKIPPED": 1,
                        "UNKNOWN": 0,
                    },
                    "durationInNanoSeconds": 750_000_000,
                },
            }
        ],
        "reportsNotFound": [f"{PREFIX}report/x:1"],
    }
    cases = (await codebuild.describe_test_cases(call, {"reportArn": arn}))["testCases"]
    assert cases[0] == {
        "reportArn": arn,
        "testRawDataPath": str(path),
        "prefix": "shop.Cart",
        "name": "removes",
        "status": "FAILED",
        "durationInNanoSeconds": 500_000_000,
        "message": "two left",
        "expired": call.now + timedelta(days=30),
    }


async def test_recording_a_build_s_report_again_changes_nothing(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    first = await record(store, call, report_of(CaseStatus.SUCCEEDED))
    assert await record(store, call, report_of(CaseStatus.SUCCEEDED)) == first
    assert (await codebuild.list_reports(call, {}))["reports"] == [first]
    assert len((await codebuild.describe_test_cases(call, {"reportArn": first}))["testCases"]) == 1


async def test_a_report_goes_to_the_group_its_arn_names(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-065: an ARN is of a group that is there, of the same type."""
    with pytest.raises(AwsError, match="Report group cannot be found"):
        await record(store, call, report_of(name=GROUP))
    request = {
        "name": "web-unit",
        "type": "TEST",
        "exportConfig": {"exportConfigType": "NO_EXPORT"},
    }
    await codebuild.create_report_group(call, request)
    arn = await record(store, call, report_of(name=GROUP))
    listed = await codebuild.list_reports_for_report_group(call, {"reportGroupArn": GROUP})
    assert listed == {"reports": [arn]}
    with pytest.raises(AwsError, match="is for reports of type TEST"):
        await record(store, call, coverage_report()._replace(name="web-unit"))


async def test_test_cases_are_filtered_and_come_in_pages(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB section 14: by status, and by a keyword in the name or prefix."""
    statuses = [CaseStatus.FAILED, CaseStatus.SUCCEEDED] * 3
    arn = await record(store, call, report_of(*statuses))

    async def described(**request: Any) -> tuple[list[str], str | None]:
        answer = await codebuild.describe_test_cases(call, {"reportArn": arn, **request})
        return [case["name"] for case in answer["testCases"]], answer.get("nextToken")

    failed, token = await described(filter={"status": "FAILED"}, maxResults=2)
    assert failed == ["test 0", "test 2"]
    assert (await described(filter={"status": "FAILED"}, nextToken=token))[0] == ["test 4"]
    assert await described(filter={"keyword": "5"}) == (["test 5"], None)
    assert len((await described(filter={"keyword": "uit"}))[0]) == 6
    with pytest.raises(AwsError, match="Invalid status provided: GREEN"):
        await described(filter={"status": "GREEN"})


async def test_code_coverages_are_sorted_bounded_and_come_in_pages(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB-070: per file and summary, a percentage only of what was counted."""
    arn = await record(
        store,
        call,
        coverage_report(b=Coverage(1, 1), a=Coverage(3, 1, 1, 1), c=Coverage(0, 0), d=Coverage(4)),
    )
    (report,) = (await codebuild.batch_get_reports(call, {"reportArns": [arn]}))["reports"]
    assert report["codeCoverageSummary"] == {
        "lineCoveragePercentage": 90.9,
        "linesCovered": 10,
        "linesMissed": 1,
        "branchCoveragePercentage": 75.0,
        "branchesCovered": 3,
        "branchesMissed": 1,
    }

    async def paths(**request: Any) -> list[str]:
        answer = await codebuild.describe_code_coverages(call, {"reportArn": arn, **request})
        found = [entry["filePath"] for entry in answer["codeCoverages"]]
        if "nextToken" in answer:
            found += await paths(**{**request, "nextToken": answer["nextToken"]})
        return found

    assert await paths() == ["a", "b", "c", "d"]
    assert await paths(sortOrder="DESCENDING", maxResults=1) == ["d", "c", "b", "a"]
    assert await paths(sortBy="LINE_COVERAGE_PERCENTAGE", maxResults=3) == ["c", "b", "a", "d"]
    assert await paths(minLineCoveragePercentage=50, maxLineCoveragePercentage=75) == ["a", "b"]
    answer = await codebuild.describe_code_coverages(call, {"reportArn": arn})
    assert "lineCoveragePercentage" not in answer["codeCoverages"][2]


async def test_reports_are_listed_by_creation_and_status(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    arns = []
    for number in range(5):
        later = call._replace(now=call.now + timedelta(minutes=number))
        report = report_of()._replace(
            status=ReportStatus.FAILED if number % 2 else ReportStatus.SUCCEEDED
        )
        arns.append(await record(store, later, report, f"{PREFIX}build/web:{number}"))
    first = await codebuild.list_reports(call, {"sortOrder": "ASCENDING", "maxResults": 3})
    rest = await codebuild.list_reports(
        call, {"sortOrder": "ASCENDING", "maxResults": 3, "nextToken": first["nextToken"]}
    )
    assert first["reports"] + rest["reports"] == arns
    failed = await codebuild.list_reports(call, {"filter": {"status": "FAILED"}})
    assert failed == {"reports": [arns[3], arns[1]]}
    newest = await codebuild.list_reports(call, {"maxResults": 4})
    oldest = await codebuild.list_reports(call, {"nextToken": newest["nextToken"]})
    assert newest["reports"] + oldest["reports"] == arns[::-1]
    trend = await codebuild.get_report_group_trend(
        call, {"reportGroupArn": GROUP, "trendField": "TOTAL", "numOfReports": 2}
    )
    assert [entry["reportArn"] for entry in trend["rawData"]] == [arns[4], arns[3]]


async def test_a_report_group_is_made_updated_and_listed(codebuild: CodeBuild, call: Call) -> None:
    export = {"exportConfigType": "NO_EXPORT"}
    request = {"name": "web-unit", "type": "TEST", "exportConfig": export}
    made = (await codebuild.create_report_group(call, request))["reportGroup"]
    assert made == {
        **request,
        "arn": GROUP,
        "tags": [],
        "created": call.now,
        "lastModified": call.now,
        "status": "ACTIVE",
    }
    with pytest.raises(AwsError) as caught:
        await codebuild.create_report_group(call, request)
    assert caught.value.code == "ResourceAlreadyExistsException"
    later = call._replace(now=call.now + timedelta(minutes=1))
    tags = [{"key": "team", "value": "shop"}]
    await codebuild.update_report_group(later, {"arn": GROUP, "tags": tags})
    got = await codebuild.batch_get_report_groups(call, {"reportGroupArns": [GROUP, "arn:x"]})
    assert got["reportGroups"] == [{**made, "tags": tags, "lastModified": later.now}]
    assert got["reportGroupsNotFound"] == ["arn:x"]
    await codebuild.create_report_group(call, {**request, "name": "api-unit"})
    first = await codebuild.list_report_groups(call, {"maxResults": 1})
    rest = await codebuild.list_report_groups(call, {"nextToken": first["nextToken"]})
    assert first["reportGroups"] + rest["reportGroups"] == [f"{PREFIX}report-group/api-unit", GROUP]
    newest = await codebuild.list_report_groups(
        call, {"sortBy": "LAST_MODIFIED_TIME", "sortOrder": "DESCENDING"}
    )
    assert newest["reportGroups"][0] == GROUP


@pytest.mark.parametrize(
    ("export", "code", "message"),
    [
        (
            {"exportConfigType": "S3"},
            "InvalidInputException",
            "S3 export config is required when export config type is S3",
        ),
        (
            {"exportConfigType": "NO_EXPORT", "s3Destination": {"bucket": "b"}},
            "InvalidInputException",
            "S3 export config should not be specified when export config type is NO_EXPORT",
        ),
        (
            {"exportConfigType": "S3", "s3Destination": {"bucket": "b"}},
            "NotImplemented",
            "not implemented: CodeBuild.ReportExportConfig.exportConfigType S3",
        ),
    ],
)
async def test_an_export_that_cannot_be_is_refused(
    codebuild: CodeBuild, call: Call, export: dict[str, Any], code: str, message: str
) -> None:
    request = {"name": "web-unit", "type": "TEST", "exportConfig": export}
    with pytest.raises(AwsError) as caught:
        await codebuild.create_report_group(call, request)
    assert (caught.value.code, caught.value.message) == (code, message)


async def test_a_group_with_reports_goes_with_them_or_not_at_all(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    """CB section 14: with reports and without deleteReports an error."""
    arn = await record(store, call, report_of(CaseStatus.SUCCEEDED))
    with pytest.raises(AwsError) as caught:
        await codebuild.delete_report_group(call, {"arn": GROUP})
    assert caught.value.code == "InvalidInputException"
    await codebuild.delete_report_group(call, {"arn": GROUP, "deleteReports": True})
    got = await codebuild.batch_get_reports(call, {"reportArns": [arn]})
    assert got == {"reports": [], "reportsNotFound": [arn]}
    assert await store.database.fetch("SELECT 1 FROM test_cases") == []
    await codebuild.delete_report_group(call, {"arn": GROUP})


async def test_a_deleted_report_leaves_its_group(
    codebuild: CodeBuild, call: Call, store: Store
) -> None:
    arn = await record(store, call, report_of(CaseStatus.SUCCEEDED))
    await codebuild.delete_report(call, {"arn": arn})
    assert await codebuild.list_reports(call, {}) == {"reports": []}
    await codebuild.delete_report_group(call, {"arn": GROUP})


async def test_a_report_is_forgotten_after_thirty_days(call: Call, store: Store) -> None:
    """CB-069: a report expires 30 days after its creation."""
    await record(store, call, report_of(CaseStatus.SUCCEEDED))
    month = timedelta(days=30)
    assert await forget_expired_reports(store.database, call.now + month - timedelta(1)) == 0
    assert await forget_expired_reports(store.database, call.now + month) == 1


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("list_reports_for_report_group", {"reportGroupArn": GROUP}, "ResourceNotFoundException"),
        ("list_reports_for_report_group", {"reportGroupArn": "x"}, "InvalidInputException"),
        ("update_report_group", {"arn": GROUP}, "ResourceNotFoundException"),
        ("describe_test_cases", {"reportArn": f"{PREFIX}report/a:1"}, "ResourceNotFoundException"),
        ("describe_code_coverages", {"reportArn": f"{PREFIX}report/a:1"}, "InvalidInputException"),
        (
            "get_report_group_trend",
            {"reportGroupArn": GROUP, "trendField": "TOTAL"},
            "ResourceNotFoundException",
        ),
    ],
)
async def test_what_is_not_there_is_named(
    codebuild: CodeBuild, call: Call, operation: str, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(AwsError) as caught:
        await getattr(codebuild, operation)(call, request_)
    assert caught.value.code == code
