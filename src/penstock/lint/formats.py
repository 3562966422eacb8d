"""A lint result as text for people, JSON and SARIF for programs, annotations for GitHub."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import quote

from penstock import __version__
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.lint import LintResult

_COLORS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_WINDOW = 120


def render(result: LintResult, format: str = "text", color: bool = False) -> str:
    """The result in one of `FORMATS`, ending in a newline unless it is empty.

    Text leaves `problems` to the caller: they belong on standard error.
    """
    return FORMATS[format](result, color)


def _text(result: LintResult, color: bool) -> str:
    lines: list[str] = []
    for diagnostic in result.diagnostics:
        lines += _paragraph(diagnostic, result.sources.get(diagnostic.file, ()), color)
    return "\n".join([*lines, _summary(result)]) + "\n"


def _paragraph(one: Diagnostic, source: Sequence[str], color: bool) -> Iterator[str]:
    place = f"{_visible(one.file)}:{one.at.line}:{one.at.column}"
    severity = _painted(one.severity.value, _COLORS[one.severity], color)
    rule = _painted(f"[{one.rule}]", "2", color)
    yield f"{place}: {severity}: {_visible(one.message)} {rule}"
    if 1 <= one.at.line <= len(source):
        yield from _excerpt(source[one.at.line - 1], one.at.line, one.at.column, color)
    if one.hint:
        yield f"      {_visible(one.hint)}"


def _excerpt(line: str, number: int, column: int, color: bool) -> Iterator[str]:
    """The line, cut to a window around the column, and a caret below the column."""
    start = max(0, column - 1 - _WINDOW // 2) if len(line) > _WINDOW else 0
    shown = _visible(line[start : start + _WINDOW])
    before = _visible(line[start : column - 1])
    width = sum(2 if east_asian_width(character) in "WF" else 1 for character in before)
    if not shown.strip():
        return
    yield f"{number:5} | {shown}"
    yield f"      | {' ' * width}{_painted('^', '1;32', color)}"


def _painted(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def _visible(text: str) -> str:
    """Text that cannot command the terminal: tabs become a space, the unprintable a `?`."""
    spaced = text.replace("\t", " ")
    return (
        spaced if spaced.isprintable() else "".join(c if c.isprintable() else "?" for c in spaced)
    )


def _counts(result: LintResult) -> dict[Severity, int]:
    found = [diagnostic.severity for diagnostic in result.diagnostics]
    return {severity: found.count(severity) for severity in Severity}


def _summary(result: LintResult) -> str:
    if not result.files:
        return "no buildspec, template or pipeline found"
    counts = _counts(result)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    found = [_plural(counts[severity], word) for severity, word in words.items()]
    files = _plural(len(result.files), "file")
    return f"{files}: {', '.join(found) if any(counts.values()) else 'nothing to complain about'}"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _json(result: LintResult, _color: bool) -> str:
    document = {
        "version": 1,
        "files": list(result.files),
        "problems": list(result.problems),
        "summary": {severity.value: count for severity, count in _counts(result).items()},
        "diagnostics": [
            {
                "file": one.file,
                "line": one.at.line,
                "column": one.at.column,
                "rule": one.rule,
                "severity": one.severity.value,
                "message": one.message,
                "hint": one.hint,
            }
            for one in result.diagnostics
        ],
    }
    return _dumped(document)


def _dumped(document: dict[str, Any]) -> str:
    # ASCII only: a file's name may hold bytes that no UTF-8 stream takes.
    return json.dumps(document, indent=2) + "\n"


def _sarif(result: LintResult, _color: bool) -> str:
    """SARIF 2.1.0: one run, its rules those that found something."""
    ids = sorted({diagnostic.rule for diagnostic in result.diagnostics})
    numbers = {rule: index for index, rule in enumerate(ids)}
    driver = {
        "name": "penstock lint",
        "semanticVersion": __version__,
        "rules": [_sarif_rule(rule) for rule in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.problems,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": problem}} for problem in result.problems
                ],
            }
        ],
        "artifacts": [{"location": {"uri": _uri(file)}} for file in result.files],
        "results": [_sarif_result(one, numbers[one.rule]) for one in result.diagnostics],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _dumped({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _sarif_result(one: Diagnostic, index: int) -> dict[str, Any]:
    region = {"startLine": one.at.line, "startColumn": one.at.column}
    place = {"artifactLocation": {"uri": _uri(one.file)}, "region": region}
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": _LEVELS[one.severity],
        "message": {"text": f"{one.message}\n{one.hint}" if one.hint else one.message},
        "locations": [{"physicalLocation": place}],
    }


def _sarif_rule(name: str) -> dict[str, Any]:
    if name.startswith("SC"):
        wiki = f"https://www.shellcheck.net/wiki/{name}"
        return _foreign_rule(name, f"shellcheck {name}", wiki)
    if name.startswith("cfn-lint/"):
        pages = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"
        return _foreign_rule(name, name.replace("/", " "), pages)
    from penstock.lint.catalog import rules, severity_of, summaries

    rule = rules().get(name)
    summary = summaries()[name]
    described: dict[str, Any] = {"id": name, "shortDescription": {"text": summary}}
    described["help"] = {"text": summary}
    if rule:
        described["help"] = {
            "text": f"{summary}\n\nInstead of\n\n{rule.bad}\nwrite\n\n{rule.good}",
            "markdown": f"{summary}\n\nInstead of\n\n```yaml\n{rule.bad}```\n\n"
            f"write\n\n```yaml\n{rule.good}```\n",
        }
    severity = severity_of(name)
    if severity:
        described["defaultConfiguration"] = {"level": _LEVELS[severity]}
    return described


def _foreign_rule(name: str, title: str, page: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": title},
        "helpUri": page,
        "help": {"text": page},
        "defaultConfiguration": {"level": "warning"},
    }


def _uri(file: str) -> str:
    path = quote(os.fsencode(file))
    return f"file://{path}" if os.path.isabs(file) else path


def _github(result: LintResult, _color: bool) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    commands = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    lines = [f"::error::{_data(problem)}" for problem in result.problems]
    for one in result.diagnostics:
        properties = {
            "file": one.file,
            "line": str(one.at.line),
            "col": str(one.at.column),
            "title": one.rule,
        }
        listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        message = f"{one.message}\n{one.hint}" if one.hint else one.message
        lines.append(f"::{commands[one.severity]} {listed}::{_data(message)}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    written = text.encode("utf-8", "replace").decode()
    return written.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[LintResult, bool], str]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
}
