"""A report as people read it after a build."""

from __future__ import annotations

import os

import pytest

from penstock.documents.buildspec import ReportFormat, ReportGroup, Text
from penstock.runner.codebuild.reports.model import (
    CaseStatus,
    Coverage,
    Report,
    ReportStatus,
    ReportType,
    make_case,
)
from penstock.runner.codebuild.reports.reader import read_report
from penstock.runner.codebuild.reports.summary import summary

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")


def read(name: str, file_format: ReportFormat) -> Report:
    group = ReportGroup("g", (Text(name),), file_format=file_format)
    return read_report(group, [os.path.join(FIXTURES, name)], "web-g")


def report_of(*messages: str, total: int = 0, problems: tuple[str, ...] = ()) -> Report:
    cases = tuple(make_case("t", "c", CaseStatus.FAILED, 0, message) for message in messages)
    counts = {**dict.fromkeys(CaseStatus, 0), CaseStatus.FAILED: total or len(cases)}
    return Report(
        "web-g",
        ReportType.TEST,
        ReportStatus.FAILED,
        cases,
        (),
        total or len(cases),
        False,
        counts,
        0,
        Coverage(),
        problems,
    )


def test_counts_come_first_then_each_failure_with_the_start_of_its_message() -> None:
    """CB-070: the counts, for people."""
    assert summary(read("junit-surefire.xml", ReportFormat.JUNITXML)) == (
        "web-g: FAILED, 6 tests: 3 succeeded, 1 failed, 1 error, 1 skipped (1234.57 s)",
        "  FAILED com.example.shop.CartTest sumsPrices",
        "      org.opentest4j.AssertionFailedError: expected: <3> but was: <4>",
        "      at org.junit.jupiter.api.AssertionUtils.fail(AssertionUtils.java:55)",
        "      at com.example.shop.CartTest.sumsPrices(CartTest.java:31)",
        "  ERROR com.example.shop.CartTest paysByCard",
        "      java.lang.NullPointerException",
        "      at com.example.shop.Card.pay(Card.java:12)",
    )


@pytest.mark.parametrize(
    ("name", "file_format", "line"),
    [
        (
            "cobertura-coverage-py.xml",
            ReportFormat.COBERTURAXML,
            "web-g: SUCCEEDED, 2 files: lines 83.33% (5 of 6), branches 75% (3 of 4)",
        ),
        (
            "clover-phpunit.xml",
            ReportFormat.CLOVERXML,
            "web-g: SUCCEEDED, 1 file: lines 83.33% (5 of 6), branches none counted",
        ),
    ],
)
def test_coverage_is_one_line(name: str, file_format: ReportFormat, line: str) -> None:
    """CB-070: Coverage %, for people."""
    assert summary(read(name, file_format)) == (line,)


def test_an_incomplete_report_says_why() -> None:
    """CB-068: INCOMPLETE."""
    group = ReportGroup("g", (Text("out/*.xml"),))
    assert summary(read_report(group, [], "web-g")) == (
        "web-g: INCOMPLETE, 0 tests (0.00 s)",
        "  no file matches out/*.xml: correct files or base-directory",
    )


def test_long_lists_are_cut_and_say_how_much_is_left() -> None:
    lines = summary(report_of(*["no"] * 12, total=700, problems=("bad",) * 7))
    assert lines.count("  FAILED c t") == 10
    assert "  and 690 more that did not pass" in lines
    assert lines[-1] == "  and 2 more problems"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07said", "said"),
        ("a\x00b\x9b2Jc\x08", "ab2Jc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_nothing_in_a_message_can_act_on_the_terminal(message: str, shown: str) -> None:
    report = report_of()._replace(
        cases=(make_case("t", "c", CaseStatus.FAILED)._replace(message=message),),
        status_counts={**dict.fromkeys(CaseStatus, 0), CaseStatus.FAILED: 1},
    )
    assert summary(report)[-1] == f"      {shown}"
