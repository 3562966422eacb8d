"""Finding result files that no group names, without slowing a build down."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.discovery import Limits, discover, sniff

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")
FORMATS = [
    ("clover-istanbul.xml", ReportFormat.CLOVERXML),
    ("clover-phpunit.xml", ReportFormat.CLOVERXML),
    ("cobertura-coverage-py.xml", ReportFormat.COBERTURAXML),
    ("cobertura-coverlet.xml", ReportFormat.COBERTURAXML),
    ("cobertura-istanbul.xml", ReportFormat.COBERTURAXML),
    ("cucumber-js.json", ReportFormat.CUCUMBERJSON),
    ("cucumber-jvm.json", ReportFormat.CUCUMBERJSON),
    ("jacoco.xml", ReportFormat.JACOCOXML),
    ("junit-gtest.xml", ReportFormat.JUNITXML),
    ("junit-jest.xml", ReportFormat.JUNITXML),
    ("junit-pytest.xml", ReportFormat.JUNITXML),
    ("junit-surefire.xml", ReportFormat.JUNITXML),
    ("nunit2.xml", ReportFormat.NUNITXML),
    ("nunit3.xml", ReportFormat.NUNIT3XML),
    ("simplecov/.resultset.json", ReportFormat.SIMPLECOV),
    ("simplecov-0.17/.resultset.json", ReportFormat.SIMPLECOV),
    ("testng-results.xml", ReportFormat.TESTNGXML),
    ("vstest.trx", ReportFormat.VISUALSTUDIOTRX),
]
JUNIT = "<testsuite><testcase name='t'/></testsuite>"


def put(path: Path, content: str = JUNIT) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return str(path)


@pytest.mark.parametrize(("name", "file_format"), FORMATS)
def test_a_file_shows_its_format_in_its_first_bytes(name: str, file_format: ReportFormat) -> None:
    """CB-072: known formats."""
    assert sniff(os.path.join(FIXTURES, name)) is file_format


def test_files_are_grouped_by_format_wherever_they_lie(tmp_path: Path) -> None:
    """CB-072: known formats under `**/*`."""
    shutil.copytree(FIXTURES, tmp_path / "a" / "b")
    expected: dict[ReportFormat, list[str]] = {}
    for name, file_format in FORMATS:
        expected.setdefault(file_format, []).append(str(tmp_path / "a" / "b" / name))
    found = discover(str(tmp_path), limits=Limits(seconds=60))
    assert found.files == {key: tuple(sorted(paths)) for key, paths in expected.items()}
    assert found.stopped == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pom.xml", "<project xmlns='http://maven.apache.org/POM/4.0.0'/>"),
        ("page.xml", "<report name='sales'><row/></report>"),
        ("sonar.xml", "<coverage version='1'><file path='a.js'/></coverage>"),
        ("bomb.xml", "<!DOCTYPE testsuite [<!ENTITY a 'b'>]><testsuite/>"),
        ("broken.xml", "<<<"),
        ("package.json", '{"name": "shop", "elements": [], "keyword": "x", "line": 1}'),
        ("list.json", '[{"name": "shop"}]'),
        ("resultset.json", '{"RSpec": {"coverage": {}}}'),
        ("report.txt", JUNIT),
        ("report.html", JUNIT),
    ],
)
def test_other_files_are_left_alone(tmp_path: Path, name: str, content: str) -> None:
    """CB-072: only known formats."""
    put(tmp_path / name, content)
    assert discover(str(tmp_path)).files == {}


def test_the_pattern_says_where_to_look(tmp_path: Path) -> None:
    """CB-072: ..._DIR sets the pattern."""
    put(tmp_path / "elsewhere" / "junit.xml")
    wanted = put(tmp_path / "output" / "junit.xml")
    found = discover(str(tmp_path), "output/*xml", limits=Limits(seconds=60))
    assert found.files == {ReportFormat.JUNITXML: (wanted,)}


@pytest.mark.parametrize("folder", ["node_modules/x", ".git", "venv/lib/site-packages/x"])
def test_other_peoples_code_is_not_searched(tmp_path: Path, folder: str) -> None:
    put(tmp_path / folder / "junit.xml")
    assert discover(str(tmp_path)).files == {}


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "junit.xml")
    root = tmp_path / "root"
    root.mkdir()
    os.symlink(outside, root / "junit.xml")
    os.symlink(tmp_path, root / "up")
    assert discover(str(root)).files == {}


def test_results_of_an_earlier_build_can_be_left_out(tmp_path: Path) -> None:
    os.utime(put(tmp_path / "old.xml"), (1_000, 1_000))
    new = put(tmp_path / "new.xml")
    os.utime(new, (2_000, 2_000))
    found = discover(str(tmp_path), newer_than=1_500)
    assert found.files == {ReportFormat.JUNITXML: (new,)}


def test_the_search_ends_at_its_limits_says_so_and_keeps_what_it_found(tmp_path: Path) -> None:
    """The files above come before the folders below."""
    top = put(tmp_path / "junit.xml")
    for number in range(20):
        put(tmp_path / "deep" / f"{number}.xml")
    by_count = discover(str(tmp_path), limits=Limits(entries=10, seconds=60))
    assert top in by_count.files[ReportFormat.JUNITXML]
    assert by_count.stopped == "after 10 files and folders"
    assert discover(str(tmp_path), limits=Limits(seconds=0)).stopped == "after 0 s"


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert discover(str(tmp_path / "gone")).files == {}
