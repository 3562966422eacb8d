"""Each format as the tools write it: what the fixtures hold comes out, whatever the dialect."""

from __future__ import annotations

import os

import pytest

from penstock.documents.buildspec import ReportFormat, ReportGroup, Text
from penstock.runner.codebuild.reports import model
from penstock.runner.codebuild.reports.model import CaseStatus, Coverage, ReportStatus
from penstock.runner.codebuild.reports.reader import read_report

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")
MS = 1_000_000
S = 1_000 * MS

SUCCEEDED, FAILED, ERROR = CaseStatus.SUCCEEDED, CaseStatus.FAILED, CaseStatus.ERROR
SKIPPED, UNKNOWN = CaseStatus.SKIPPED, CaseStatus.UNKNOWN

CART, PRICE = "com.example.shop.CartTest", "Shop.Tests.PriceTests"
NET = "Shop.Tests.CartTests"

# fixture, format, {(prefix, name): (status, nanoseconds)}
TESTS = [
    (
        "junit-surefire.xml",
        ReportFormat.JUNITXML,
        {
            (CART, "addsAnItem"): (SUCCEEDED, 12 * MS),
            (CART, "importsTheCatalogue"): (SUCCEEDED, 1_234_500 * MS),
            (CART, "sumsPrices"): (FAILED, 4 * MS),
            (CART, "paysByCard"): (ERROR, 51 * MS),
            (CART, "paysByInvoice"): (SKIPPED, 0),
            (CART, "keepsItsContents"): (SUCCEEDED, 6 * MS),
        },
    ),
    (
        "junit-pytest.xml",
        ReportFormat.JUNITXML,
        {
            ("test_cart.TestCart", "test_adds"): (SUCCEEDED, 2 * MS),
            ("test_cart.TestCart", "test_total"): (FAILED, 2 * MS),
            ("test_cart", "test_currency[EUR]"): (SUCCEEDED, 2 * MS),
            ("test_cart", "test_currency[a<b]"): (SUCCEEDED, 2 * MS),
            ("test_cart", "test_needs_shop"): (ERROR, 2 * MS),
            ("test_cart", "test_gift_card"): (SKIPPED, 2 * MS),
            ("test_cart", "test_rounding"): (SKIPPED, 2 * MS),
        },
    ),
    (
        "junit-jest.xml",
        ReportFormat.JUNITXML,
        {
            ("cart adds an item", "cart adds an item"): (SUCCEEDED, 3 * MS),
            ("cart sums prices", "cart sums prices"): (FAILED, 11 * MS),
            ("cart takes gift cards", "cart takes gift cards"): (SKIPPED, 0),
        },
    ),
    (
        "junit-gtest.xml",
        ReportFormat.JUNITXML,
        {
            ("Cart", "Adds"): (SUCCEEDED, 1 * MS),
            ("Cart", "DISABLED_Pays"): (SKIPPED, 0),
            ("Cart", "Sums"): (FAILED, 18 * MS),
            ("Cart", "Ships"): (SKIPPED, 0),
        },
    ),
    (
        "cucumber-js.json",
        ReportFormat.CUCUMBERJSON,
        {
            ("Paying", "Paying by card"): (SUCCEEDED, 3_500_000),
            ("Paying", "Paying twice"): (FAILED, 3 * MS),
            ("Paying", "Paying by cheque"): (UNKNOWN, 0),
            ("Paying", "Paying later"): (SKIPPED, 0),
        },
    ),
    (
        "cucumber-jvm.json",
        ReportFormat.CUCUMBERJSON,
        {
            ("Shipping", "Shipping abroad"): (FAILED, 5_750_000),
            ("Shipping", "Shipping next door"): (SUCCEEDED, 2 * MS),
        },
    ),
    (
        "nunit2.xml",
        ReportFormat.NUNITXML,
        {
            (NET, "Adds"): (SUCCEEDED, 12 * MS),
            (NET, 'Converts(1.5,"a.b")'): (SUCCEEDED, 1 * MS),
            (NET, "Sums"): (FAILED, 24 * MS),
            (NET, "Pays"): (ERROR, 3 * MS),
            (NET, "Ships"): (SKIPPED, 0),
            (NET, "Guesses"): (UNKNOWN, 0),
            (NET, "Private"): (ERROR, 0),
        },
    ),
    (
        "nunit3.xml",
        ReportFormat.NUNIT3XML,
        {
            (NET, "Adds"): (SUCCEEDED, 12_345_000),
            (NET, "Sums(1,2)"): (FAILED, 20 * MS),
            (NET, "Pays"): (ERROR, 1 * MS),
            (NET, "Ships"): (SKIPPED, 0),
            (NET, "Guesses"): (UNKNOWN, 500_000),
            (NET, "Warns"): (SUCCEEDED, 500_000),
        },
    ),
    (
        "testng-results.xml",
        ReportFormat.TESTNGXML,
        {
            (CART, "connect"): (ERROR, 30 * MS),
            (CART, "adds"): (SUCCEEDED, 12 * MS),
            (CART, "sums"): (FAILED, 7 * MS),
            (CART, "pays"): (SKIPPED, 0),
        },
    ),
    (
        "vstest.trx",
        ReportFormat.VISUALSTUDIOTRX,
        {
            (NET, "Adds"): (SUCCEEDED, 12_345_600),
            (PRICE, "Sums"): (FAILED, 3_723_500 * MS),
            (NET, "Ships"): (SKIPPED, 0),
            (NET, "Converts (EUR,1)"): (SUCCEEDED, 1 * S),
            (NET, "Converts (XXX,1)"): (ERROR, 2 * S),
            ("", "Guesses"): (UNKNOWN, 1 * MS),
        },
    ),
]

LIB = "/codebuild/output/src1/src/lib"
SRC = "/codebuild/output/src1/src/src"

# fixture, format, {path: coverage}
COVERAGES = [
    (
        "clover-istanbul.xml",
        ReportFormat.CLOVERXML,
        {f"{SRC}/cart.js": Coverage(7, 0, 2, 0), f"{SRC}/price.js": Coverage(3, 2, 1, 1)},
    ),
    ("clover-phpunit.xml", ReportFormat.CLOVERXML, {f"{SRC}/Cart.php": Coverage(5, 1, 0, 0)}),
    (
        "cobertura-coverage-py.xml",
        ReportFormat.COBERTURAXML,
        {"shop/cart.py": Coverage(4, 1, 3, 1), "shop/empty.py": Coverage(1, 0, 0, 0)},
    ),
    (
        "cobertura-istanbul.xml",
        ReportFormat.COBERTURAXML,
        {"src/cart.js": Coverage(3, 1, 1, 1)},
    ),
    ("cobertura-coverlet.xml", ReportFormat.COBERTURAXML, {"Cart.cs": Coverage(3, 1, 0, 0)}),
    (
        "jacoco.xml",
        ReportFormat.JACOCOXML,
        {
            "com/example/shop/Cart.java": Coverage(8, 2, 3, 1),
            "com/example/shop/Price.java": Coverage(1, 0, 0, 0),
        },
    ),
    (
        "simplecov/.resultset.json",
        ReportFormat.SIMPLECOV,
        {f"{LIB}/cart.rb": Coverage(4, 1, 2, 0), f"{LIB}/price.rb": Coverage(2, 0, 0, 0)},
    ),
    (
        "simplecov-0.17/.resultset.json",
        ReportFormat.SIMPLECOV,
        {f"{LIB}/cart.rb": Coverage(2, 1, 0, 0)},
    ),
]


def read(name: str, file_format: ReportFormat) -> model.Report:
    group = ReportGroup("unit", (Text(name),), file_format=file_format)
    return read_report(group, [os.path.join(FIXTURES, name)], "web-unit")


@pytest.mark.parametrize(("name", "file_format", "expected"), TESTS, ids=[t[0] for t in TESTS])
def test_test_cases_have_the_status_and_duration_the_tool_wrote(
    name: str,
    file_format: ReportFormat,
    expected: dict[tuple[str, str], tuple[CaseStatus, int]],
) -> None:
    """CB-067: six test formats. CB-068: the statuses of cases."""
    report = read(name, file_format)
    found = {(case.prefix, case.name): (case.status, case.duration) for case in report.cases}
    assert (found, report.problems) == (expected, ())
    assert report.status is ReportStatus.FAILED
    assert report.total == len(expected)
    assert report.duration == sum(duration for _, duration in expected.values())
    assert {case.file for case in report.cases} == {os.path.join(FIXTURES, name)}


@pytest.mark.parametrize(
    ("name", "file_format", "expected"), COVERAGES, ids=[c[0] for c in COVERAGES]
)
def test_coverage_is_counted_per_source_file_and_in_sum(
    name: str, file_format: ReportFormat, expected: dict[str, Coverage]
) -> None:
    """CB-067: four coverage formats. CB-070: lines and branches, per file and summary."""
    report = read(name, file_format)
    found = {entry.path: entry.coverage for entry in report.coverages}
    assert (found, report.problems) == (expected, ())
    assert report.status is ReportStatus.SUCCEEDED
    assert report.type is model.ReportType.CODE_COVERAGE
    assert report.coverage == Coverage(
        *(sum(column) for column in zip(*expected.values(), strict=True))
    )


def test_every_format_has_a_fixture() -> None:
    """CB-067: all ten."""
    assert {row[1] for row in TESTS} | {row[1] for row in COVERAGES} == set(ReportFormat)


MESSAGES = [
    ("junit-surefire.xml", "sumsPrices", "expected: <3> but was: <4>\n\tat org.junit"),
    ("junit-surefire.xml", "paysByCard", "java.lang.NullPointerException\n\tat com"),
    ("junit-surefire.xml", "paysByInvoice", "needs a contract"),
    ("junit-pytest.xml", "test_total", "wrong total\nassert 3 == 4"),
    ("junit-pytest.xml", "test_needs_shop", 'failed on setup with "RuntimeError'),
    ("junit-jest.xml", "cart sums prices", "Expected: 4\nReceived: 3\n"),
    ("cucumber-js.json", "Paying twice", "Given a paid cart\nAssertionError"),
    ("cucumber-jvm.json", "Shipping abroad", "no customs form\n\tat shop.Steps.ship"),
    ("nunit2.xml", "Sums", "Expected: 4\n  But was:  3\nat Shop.Tests"),
    ("nunit2.xml", "Ships", "no carrier yet"),
    ("nunit3.xml", "Pays", "System.InvalidOperationException : no card\nat Shop"),
    ("nunit3.xml", "Warns", "slow disk"),
    ("testng-results.xml", "connect", "java.net.ConnectException: Connection refused\n\tat com"),
    ("vstest.trx", "Sums", "Actual:   3\nat Shop.Tests.PriceTests"),
    ("vstest.trx", "Ships", "no carrier yet"),
]


@pytest.mark.parametrize(("name", "case", "said"), MESSAGES)
def test_a_case_says_why_with_its_stack_trace(name: str, case: str, said: str) -> None:
    """CB-069: the message."""
    file_format = next(row[1] for row in TESTS if row[0] == name)
    messages = {found.name: found.message for found in read(name, file_format).cases}
    assert said in messages[case]


def test_a_message_that_the_stack_trace_repeats_stands_there_once() -> None:
    cases = {case.name: case for case in read("junit-surefire.xml", ReportFormat.JUNITXML).cases}
    assert cases["sumsPrices"].message.count("expected: <3>") == 1
