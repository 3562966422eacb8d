"""Result files are written by whatever a build ran: nothing in them may harm who reads them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.documents.buildspec import ReportFormat, ReportGroup, Text
from penstock.runner.codebuild.reports import model
from penstock.runner.codebuild.reports.discovery import sniff
from penstock.runner.codebuild.reports.model import ReportStatus
from penstock.runner.codebuild.reports.reader import read_report
from penstock.runner.codebuild.reports.summary import summary

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")
LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE testsuite [
  <!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<testsuite><testcase name="&c;"/></testsuite>"""
EXTERNAL = """<!DOCTYPE testsuite [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="t"><failure>&secret;</failure></testcase></testsuite>"""
PARAMETER = """<!DOCTYPE testsuite [<!ENTITY % more SYSTEM "http://127.0.0.1:9/x.dtd"> %more;]>
<testsuite><testcase name="t"/></testsuite>"""
DEFAULTS = f"""<!DOCTYPE testsuite [<!ATTLIST testcase name CDATA "{"x" * 50_000}">]>
<testsuite>{"<testcase/>" * 50}</testsuite>"""


def read(path: Path, file_format: ReportFormat = ReportFormat.JUNITXML) -> model.Report:
    return read_report(ReportGroup("g", (Text("*"),), file_format=file_format), [str(path)], "w-g")


def refused(path: Path, file_format: ReportFormat = ReportFormat.JUNITXML) -> str:
    report = read(path, file_format)
    assert report.status is ReportStatus.INCOMPLETE
    return report.problems[0].removeprefix(f"{path}: ")


@pytest.mark.parametrize("content", [LAUGHS, EXTERNAL, PARAMETER, DEFAULTS])
def test_a_doctype_that_declares_anything_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content)
    assert refused(path) == (
        "its DOCTYPE declares entities or attributes, which is not safe to read"
    )
    assert read(path).cases == ()


def test_an_external_dtd_is_neither_fetched_nor_missed(tmp_path: Path) -> None:
    """JaCoCo's reports name one. An entity that it might declare stands for nothing."""
    (tmp_path / "report.dtd").write_text('<!ENTITY secret "leaked">')
    path = tmp_path / "x.xml"
    path.write_text(
        '<!DOCTYPE testsuite SYSTEM "report.dtd">'
        '<testsuite><testcase name="t&secret;"/></testsuite>'
    )
    assert [case.name for case in read(path).cases] == ["t"]


@pytest.mark.parametrize(
    ("prefix", "unit", "suffix", "told"),
    [
        ("<testsuite>", "<a>", "", "nested more than 200 deep"),
        ("<testsuite><testcase>", "<a>", "", "nested more than 200 deep"),
        ("<testsuite><!--", "x" * 100, "--></testsuite>", "a tag or comment above"),
        ("<testsuite><testcase>", "<a/>", "</testcase></testsuite>", "more than 250,000 elements"),
    ],
)
def test_documents_built_to_exhaust_their_reader_are_refused(
    tmp_path: Path, prefix: str, unit: str, suffix: str, told: str
) -> None:
    path = tmp_path / "x.xml"
    path.write_text(prefix + unit * 300_000 + suffix)
    started = time.monotonic()
    assert told in refused(path)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("name", "file_format", "limit"),
    [
        ("x.xml", ReportFormat.JUNITXML, "104,857,600"),
        ("x.json", ReportFormat.CUCUMBERJSON, "52,428,800"),
    ],
)
def test_a_file_above_the_limit_is_refused_unread_and_told_its_size(
    tmp_path: Path, name: str, file_format: ReportFormat, limit: str
) -> None:
    path = tmp_path / name
    with open(path, "wb") as file:
        file.truncate(200_000_000)
    told = refused(path, file_format)
    assert told.startswith(f"it has 200,000,000 bytes and reports are read up to {limit}")


def test_a_symbolic_link_and_a_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    os.symlink("/etc/passwd", tmp_path / "link.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    assert refused(tmp_path / "link.xml") == ("it is a symbolic link; name the file it points to")
    assert refused(tmp_path / "pipe.xml") == "it is not a regular file"
    assert sniff(str(tmp_path / "pipe.xml")) is None


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 200_000)
    assert "nested too deep" in refused(path, ReportFormat.CUCUMBERJSON)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_declared_encodings_are_followed(tmp_path: Path, encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?><testsuite><testcase name="é"/></testsuite>'
    path = tmp_path / "x.xml"
    path.write_bytes(text.encode(encoding))
    assert [case.name for case in read(path).cases] == ["é"]


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0" encoding="klingon"?><testsuite/>',
        b'<?xml version="1.0" encoding="base64"?><testsuite/>',
        b'<?xml version="1.0" encoding="shift_jis"?><testsuite/>',
        b'<?xml version="1.0" encoding="undefined"?><testsuite/>',
        b'<?xml version="1.0" encoding="utf-8"?><testsuite name="\xff"/>',
    ],
)
def test_encodings_that_cannot_be_read_are_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(content)
    assert "encoding" in refused(path) or "not XML" in refused(path)


def test_what_utf8_or_a_database_cannot_hold_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"elements": [{"name": "a\\ud800b\\u0000c", "steps": []}]}]')
    case = read(path, ReportFormat.CUCUMBERJSON).cases[0]
    assert case.name == "a?b\N{REPLACEMENT CHARACTER}c"


def fixture_bytes() -> list[tuple[ReportFormat, bytes]]:
    found = []
    for folder, _, names in os.walk(FIXTURES):
        for name in names:
            path = os.path.join(folder, name)
            file_format = sniff(path)
            assert file_format, path
            with open(path, "rb") as file:
                found.append((file_format, file.read()))
    return sorted(found)


WHOLE = fixture_bytes()
fuzz = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def assert_sound(report: model.Report) -> None:
    assert isinstance(report.status, ReportStatus)
    assert sum(report.status_counts.values()) == (report.total if report.cases else 0)
    assert bool(report.problems) == (report.status is ReportStatus.INCOMPLETE)
    "\n".join([*summary(report), *(case.message for case in report.cases)]).encode()


@fuzz
@given(st.sampled_from(ReportFormat), st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(
    tmp_path: Path, file_format: ReportFormat, content: bytes
) -> None:
    """CB-068: what is no report makes it INCOMPLETE."""
    path = tmp_path / "x.xml"
    path.write_bytes(content)
    assert_sound(read(path, file_format))
    sniff(str(path))


@fuzz
@given(st.data())
def test_mutated_reports_never_raise(tmp_path: Path, data: st.DataObject) -> None:
    """CB-068: cut, doubled and overwritten pieces of real reports."""
    file_format, content = data.draw(st.sampled_from(WHOLE))
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        end = min(len(changed), at + data.draw(st.integers(0, 60)))
        pieces = [
            b"",
            b'"',
            b"<",
            b"0",
            b"null",
            b"[]",
            b"{}",
            b"-1e999",
            b"&a;",
            bytes(changed[at:end]),
        ]
        piece = data.draw(st.sampled_from(pieces) | st.binary(max_size=8))
        changed[at:end] = piece * data.draw(st.integers(1, 3))
    path = tmp_path / "x.xml"
    path.write_bytes(changed)
    assert_sound(read(path, file_format))


KEYS = [
    *("elements", "steps", "before", "after", "result", "status", "duration", "error_message"),
    *("name", "type", "keyword", "coverage", "lines", "branches"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@fuzz
@given(
    st.sampled_from((ReportFormat.CUCUMBERJSON, ReportFormat.SIMPLECOV)),
    st.sampled_from(
        ("{}", '[{{"elements": [{}]}}]', '{{"RSpec": {{"coverage": {{"a.rb": {}}}}}}}')
    ),
    JSON,
)
def test_json_of_the_wrong_types_never_raises(
    tmp_path: Path, file_format: ReportFormat, around: str, value: object
) -> None:
    """CB-068: right names with the wrong kinds of values."""
    import json

    path = tmp_path / "x.json"
    path.write_text(around.format(json.dumps(value)))
    assert_sound(read(path, file_format))
