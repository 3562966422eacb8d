"""From files to a report: its status, its limits, and what it says when it cannot read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import penstock
from penstock.documents.buildspec import ReportFormat, ReportGroup, Text
from penstock.runner.codebuild.reports import model
from penstock.runner.codebuild.reports.figures import MILLISECOND, nanoseconds, timespan, whole
from penstock.runner.codebuild.reports.model import CaseStatus, Coverage, ReportStatus
from penstock.runner.codebuild.reports.reader import (
    discovered_group_name,
    group_name,
    read_report,
)

ARN = "arn:aws:codebuild:eu-west-1:123456789012:report-group/shop-unit"
OUTCOMES = {
    CaseStatus.SUCCEEDED: "",
    CaseStatus.FAILED: "<failure message='no'/>",
    CaseStatus.ERROR: "<error message='no'/>",
    CaseStatus.SKIPPED: "<skipped/>",
}

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str, name: str = "junit.xml") -> str:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    return _write


def junit(statuses: Sequence[CaseStatus]) -> str:
    cases = "".join(
        f"<testcase classname='c' name='t{number}' time='0.5'>{OUTCOMES[status]}</testcase>"
        for number, status in enumerate(statuses)
    )
    return f"<testsuites><testsuite name='s'>{cases}</testsuite></testsuites>"


def read(*files: str, file_format: ReportFormat = ReportFormat.JUNITXML) -> model.Report:
    group = ReportGroup("unit", (Text("out/*.xml"), Text("more.xml")), "target", False, file_format)
    return read_report(group, files, "web-unit")


@pytest.mark.parametrize(("name", "expected"), [("unit", "web-unit"), (ARN, ARN)])
def test_a_name_is_put_behind_the_project_and_an_arn_is_kept(name: str, expected: str) -> None:
    """CB-065: the group's name."""
    assert group_name("web", name) == expected


def test_a_discovered_group_is_named_after_its_format() -> None:
    """CB-072: the group's name."""
    assert discovered_group_name("web", ReportFormat.JUNITXML) == "web-JUNITXML-AutoDiscovered"


S, F, E, K = CaseStatus.SUCCEEDED, CaseStatus.FAILED, CaseStatus.ERROR, CaseStatus.SKIPPED


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([S, S], ReportStatus.SUCCEEDED),
        ([S, K], ReportStatus.SUCCEEDED),
        ([S, F], ReportStatus.FAILED),
        ([S, E], ReportStatus.FAILED),
        ([], ReportStatus.INCOMPLETE),
    ],
)
def test_a_report_succeeds_when_all_its_tests_that_ran_passed(
    write: Write, statuses: list[CaseStatus], expected: ReportStatus
) -> None:
    """CB-068: the report's status."""
    assert read(write(junit(statuses))).status is expected


def test_counts_name_all_five_statuses(write: Write) -> None:
    """CB-070: statusCounts and the duration in nanoseconds."""
    report = read(write(junit([S, F, S])))
    assert report.status_counts == {S: 2, F: 1, E: 0, K: 0, CaseStatus.UNKNOWN: 0}
    assert (report.total, report.duration) == (3, 1_500_000_000)


def test_files_of_a_group_make_one_report(write: Write) -> None:
    """CB-065: one report for a group."""
    first, second = write(junit([S]), "a.xml"), write(junit([F, S]), "b.xml")
    report = read(first, second)
    assert report.total == 3
    assert {case.file for case in report.cases} == {first, second}


def test_no_matching_file_makes_it_incomplete_and_names_the_patterns() -> None:
    """CB-068: wrong path."""
    report = read()
    assert report.status is ReportStatus.INCOMPLETE
    assert report.problems == (
        "no file matches out/*.xml, more.xml below target: correct files or base-directory",
    )


@pytest.mark.parametrize("broken", ["", "not XML", "<testsuites><testsuite>", "<a/>"])
def test_an_unreadable_file_makes_it_incomplete_and_keeps_what_could_be_read(
    write: Write, broken: str
) -> None:
    """CB-068: INCOMPLETE."""
    good, bad = write(junit([S, F]), "good.xml"), write(broken, "bad.xml")
    report = read(bad, good)
    assert (report.status, report.total) == (ReportStatus.INCOMPLETE, 2)
    assert [problem.startswith(f"{bad}: ") for problem in report.problems] == [True]


def test_cases_before_a_break_in_the_file_are_kept(write: Write) -> None:
    report = read(write(junit([S, F])[: -len("</testsuite></testsuites>")]))
    assert (report.status, report.total) == (ReportStatus.INCOMPLETE, 2)
    assert "after 2 entries" in report.problems[0]


@pytest.mark.parametrize(
    ("content", "file_format", "told"),
    [
        (junit([S]), ReportFormat.NUNITXML, "it is JUNITXML, but its group says NUNITXML"),
        (
            "<coverage line-rate='1'/>",
            ReportFormat.CLOVERXML,
            "it is COBERTURAXML, but its group says CLOVERXML",
        ),
        ("<html/>", ReportFormat.JUNITXML, "it starts with <html>"),
        ("{}", ReportFormat.CUCUMBERJSON, "Cucumber's JSON is a list"),
        ("[]", ReportFormat.SIMPLECOV, "not simplecov's coverage/.resultset.json"),
        ('{"files": [], "metrics": {}}', ReportFormat.SIMPLECOV, "not simplecov's"),
        ("<coverage line-rate='1'/>", ReportFormat.COBERTURAXML, "no coverage of any source file"),
    ],
)
def test_a_file_of_another_format_is_named_as_what_it_is(
    write: Write, content: str, file_format: ReportFormat, told: str
) -> None:
    """CB-067: file-format."""
    report = read(write(content), file_format=file_format)
    assert report.status is ReportStatus.INCOMPLETE
    assert told in report.problems[0]


def test_a_missing_file_and_a_folder_are_problems(tmp_path: Path) -> None:
    report = read(str(tmp_path / "gone.xml"), str(tmp_path))
    assert report.status is ReportStatus.INCOMPLETE
    assert "No such file" in report.problems[0]
    assert "not a regular file" in report.problems[1]


def test_above_500_cases_failed_ones_are_kept_first_and_all_are_counted(write: Write) -> None:
    """CB-069: 501 cases and more."""
    report = read(write(junit([S] * 600 + [E] * 3 + [F] * 2)))
    assert (len(report.cases), report.total, report.truncated) == (500, 605, True)
    assert [case.status for case in report.cases[:6]] == [F, F, E, E, E, S]
    assert report.status_counts[S] == 600


@pytest.mark.parametrize(("total", "truncated"), [(500, False), (501, True)])
def test_the_501st_case_truncates(write: Write, total: int, truncated: bool) -> None:
    """CB-069: Max 500 cases."""
    report = read(write(junit([S] * total)))
    assert (len(report.cases), report.total, report.truncated) == (500, total, truncated)


def test_names_and_messages_are_cut_to_the_limits_of_the_api(write: Write) -> None:
    """CB-069: message 5,000 characters, name 1,000."""
    text = "é" * 20_000
    content = f"<testcase name='{text}' classname='{text}'><failure>{text}</failure></testcase>"
    case = read(write(f"<testsuite>{content}</testsuite>")).cases[0]
    assert [len(case.name), len(case.prefix), len(case.message)] == [1_000, 1_000, 5_000]


def test_failed_cases_push_out_those_in_error_that_came_before(write: Write) -> None:
    """CB-069: FAILED ones are kept first."""
    report = read(write(junit([E] * 600 + [F] * 300)))
    assert [case.status for case in report.cases] == [F] * 300 + [E] * 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.sampled_from([S, F, E, K]), min_size=1, max_size=30))
def test_every_case_is_kept_and_counted_once(write: Write, statuses: list[CaseStatus]) -> None:
    """CB-070: counts and total agree, whatever came out of the tests."""
    report = read(write(junit(statuses)))
    assert report.status_counts == {status: statuses.count(status) for status in CaseStatus}
    assert report.total == len(statuses)
    assert sorted(case.name for case in report.cases) == sorted(
        f"t{number}" for number in range(len(statuses))
    )


@pytest.mark.parametrize(
    ("coverage", "lines", "branches"),
    [
        (Coverage(5, 1, 1, 1), 83.33, 50.0),
        (Coverage(10, 1, 0, 3), 90.9, 0.0),
        (Coverage(99_999, 1), 99.99, None),
        (Coverage(3, 0), 100.0, None),
        (Coverage(), None, None),
    ],
)
def test_percentages_are_covered_of_total_and_cut_to_two_decimals(
    coverage: Coverage, lines: float | None, branches: float | None
) -> None:
    """CB-070: Coverage % = covered/total; the first two rows are AWS's sample."""
    assert (coverage.line_percentage, coverage.branch_percentage) == (lines, branches)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.25", 250_000_000),
        ("0,25", 250_000_000),
        ("1,234.5", 1_234_500_000_000),
        ("1,234,567", 1_234_567_000_000_000),
        ("1e-3", 1_000_000),
        ("", 0),
        ("-1", 0),
        ("nan", 0),
        ("inf", 0),
        ("1e300", 0),
        ("soon", 0),
    ],
)
def test_seconds_are_read_in_the_spellings_of_the_tools(text: str, expected: int) -> None:
    """CB-070: durations in ns."""
    assert nanoseconds(text) == expected


def test_milliseconds_and_timespans_become_nanoseconds() -> None:
    """CB-070: durations in ns."""
    assert nanoseconds("12", MILLISECOND) == 12_000_000
    assert timespan("1.02:03:04.5") == 93_784_500_000_000
    assert [timespan(""), timespan("1:2"), timespan("99999:00:00")] == [0, 0, 0]
    assert [whole(True), whole("1"), whole(-1), whole(1.6), whole(10**400)] == [0, 0, 0, 2, 0]


def test_a_search_that_finds_nothing_imports_neither_xml_nor_json(tmp_path: Path) -> None:
    """CB-072: auto-discovery runs after every build, so an idle one must stay cheap."""
    program = (
        "import sys\n"
        "from penstock.runner.codebuild.reports import discovery, reader\n"
        "found = discovery.discover(sys.argv[1])\n"
        "print(found.files, [name for name in ('pyexpat', 'json') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.path.dirname(os.path.dirname(penstock.__file__))},
    )
    assert ran.stdout == "{} []\n"
