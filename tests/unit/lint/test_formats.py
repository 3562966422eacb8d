from __future__ import annotations

import json

import pytest

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.lint import LintResult
from penstock.lint.formats import FORMATS, render
from penstock.lint.rules import RULES

LINE = "      - source x"


def result(*diagnostics: Diagnostic, line: str = LINE, problem: str = "") -> LintResult:
    sources = {one.file: ("version: 0.2", line) for one in diagnostics}
    files = tuple(dict.fromkeys(one.file for one in diagnostics))
    return LintResult(diagnostics, files, (problem,) if problem else (), sources)


def one(file: str = "a/buildspec.yml", column: int = 9, message: str = "no") -> Diagnostic:
    return Diagnostic(file, Position(2, column), "bashism", Severity.WARNING, message, "use `.`")


def test_text_shows_the_line_with_a_caret_the_hint_and_a_sum() -> None:
    assert render(result(one())) == (
        "a/buildspec.yml:2:9: warning: no [bashism]\n"
        "    2 |       - source x\n"
        "      |         ^\n"
        "      use `.`\n"
        "1 file: 0 errors, 1 warning, 0 notes\n"
    )


@pytest.mark.parametrize(
    ("line", "column", "caret"),
    [
        ("\t- é x", 5, "    ^"),
        ("- 日本 x", 6, "       ^"),
        ("a" * 200 + "!" + "b" * 200, 201, " " * 60 + "^"),
        ("\x1b[31m x", 7, "      ^"),
        ("short", 99, "     ^"),
    ],
)
def test_the_caret_stands_below_the_column(line: str, column: int, caret: str) -> None:
    lines = render(result(one(column=column), line=line)).splitlines()
    assert lines[2] == f"      | {caret}"
    assert "\x1b" not in lines[1]


def test_nothing_from_a_file_reaches_the_terminal_as_a_command() -> None:
    text = render(result(one(file="\x1b[2J.yml", message="\x1b]0;x\x07")))
    assert text.isprintable() or set(text) - {"\n"} == set(text.replace("\n", ""))
    assert "\x1b" not in text and "\x07" not in text


def test_color_is_only_there_when_asked_for() -> None:
    assert "\x1b[33mwarning\x1b[0m" in render(result(one()), color=True)
    assert "\x1b" not in render(result(one()))


def test_text_of_a_clean_run_and_of_an_empty_folder() -> None:
    assert render(LintResult((), ("b.yml",))) == "1 file: nothing to complain about\n"
    assert render(LintResult((), ())) == "no buildspec, template or pipeline found\n"


def test_json_has_its_documented_shape() -> None:
    assert json.loads(render(result(one(), problem="no such file: 'x'"), "json")) == {
        "version": 1,
        "files": ["a/buildspec.yml"],
        "problems": ["no such file: 'x'"],
        "summary": {"error": 0, "warning": 1, "info": 0},
        "diagnostics": [
            {
                "file": "a/buildspec.yml",
                "line": 2,
                "column": 9,
                "rule": "bashism",
                "severity": "warning",
                "message": "no",
                "hint": "use `.`",
            }
        ],
    }


def test_github_commands_escape_what_would_end_them() -> None:
    found = one(file="a,b:c%.yml", message="100%\r\n::x")
    assert render(result(found), "github") == (
        "::warning file=a%2Cb%3Ac%25.yml,line=2,col=9,title=bashism::100%25%0D%0A::x%0Ause `.`\n"
    )


def test_github_levels_follow_severities() -> None:
    levels = [
        render(result(one()._replace(severity=severity)), "github").partition(" ")[0]
        for severity in Severity
    ]
    assert levels == ["::error", "::warning", "::notice"]


def test_sarif_names_every_rule_it_refers_to() -> None:
    """The parts of SARIF 2.1.0 that its schema requires and that code hosts read."""
    others = [one()._replace(rule=rule) for rule in ("SC2086", "yaml-syntax", "unreadable-file")]
    document = json.loads(render(result(one(), *others), "sarif"))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert document["version"] == "2.1.0"
    assert [rules[found["ruleIndex"]]["id"] for found in run["results"]] == [
        found["ruleId"] for found in run["results"]
    ]
    assert all(rule["shortDescription"]["text"] and rule["help"]["text"] for rule in rules)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a/buildspec.yml"}
    assert place["region"] == {"startLine": 2, "startColumn": 9}


def test_sarif_describes_each_rule_with_its_examples() -> None:
    found = [one()._replace(rule=rule.id, severity=rule.severity) for rule in RULES]
    (run,) = json.loads(render(result(*found), "sarif"))["runs"]
    described = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    for rule in RULES:
        assert rule.bad in described[rule.id]["help"]["markdown"]
        level = "note" if rule.severity is Severity.INFO else rule.severity.value
        assert described[rule.id]["defaultConfiguration"] == {"level": level}


@pytest.mark.parametrize(
    ("file", "uri"),
    [("a b#c.yml", "a%20b%23c.yml"), ("/src/ü.yml", "file:///src/%C3%BC.yml")],
)
def test_sarif_places_are_uris(file: str, uri: str) -> None:
    (run,) = json.loads(render(result(one(file=file)), "sarif"))["runs"]
    assert run["artifacts"] == [{"location": {"uri": uri}}]


@pytest.mark.parametrize("format", FORMATS)
def test_a_name_that_is_not_utf8_can_be_written_in_every_format(format: str) -> None:
    written = render(result(one(file="\udcff.yml")), format)
    assert written.encode("utf-8")
