"""Each rule once: the file that breaks it, how grave that is, and where it is reported."""

from __future__ import annotations

import os
import re

import pytest

from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.buildspec_rules import RULES
from penstock.documents.diagnostics import Position

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"
BUILD = "version: 0.2\nphases:\n  build:\n"
BATCH = GOOD + "batch:\n"

# rule, severity, line, column, file
BROKEN = [
    ("not-utf8", "error", 1, 4, b"a: \xe9\n"),
    ("control-character", "error", 6, 4, GOOD + "#  \x07\n"),
    ("yaml-syntax", "error", 3, 1, "version: 0.2\nphases:\n\tbuild:\n"),
    ("empty-file", "error", 1, 1, "# nothing\n"),
    ("several-documents", "warning", 6, 1, GOOD + "---\n" + GOOD),
    ("yaml-depth", "error", 1, 101, "[" * 101),
    ("yaml-size", "error", 1, 1_000_002, "[" + "a," * 500_002 + "]"),
    ("yaml-alias", "error", 5, 9, BUILD + "    commands:\n      - *make\n"),
    ("yaml-expansion", "error", 2, 30_005, "a: &a x\nb: [" + "*a," * 10_001 + "]"),
    ("yaml-key", "error", 6, 3, GOOD + "? [a]\n: b\n"),
    ("yaml-merge", "error", 6, 5, GOOD + "<<: text\n"),
    ("yaml-tag", "warning", 5, 14, BUILD + "    commands:\n      - !Sub make\n"),
    ("duplicate-key", "warning", 6, 1, GOOD + "version: 0.2\n"),
    ("wrong-type", "error", 6, 6, GOOD + "env: text\n"),
    ("unknown-key", "warning", 6, 1, GOOD + "artefacts: text\n"),
    ("null-value", "warning", 6, 1, GOOD + "env:\n"),
    ("missing-value", "error", 8, 5, GOOD + "env:\n  parameter-store:\n    NAME:\n"),
    ("not-a-list", "warning", 7, 10, GOOD + "cache:\n  paths: /root/.m2\n"),
    ("empty-list", "warning", 7, 10, GOOD + "cache:\n  paths: []\n"),
    ("empty-item", "warning", 8, 8, GOOD + "cache:\n  paths:\n    - ''\n"),
    ("bad-flag", "warning", 7, 9, GOOD + "proxy:\n  logs: maybe\n"),
    ("more-problems", "warning", 505, 1, GOOD + "".join(f"k{n}: x\n" for n in range(600))),
    ("missing-version", "error", 1, 1, GOOD.removeprefix("version: 0.2\n")),
    ("bad-version", "error", 1, 10, GOOD.replace("0.2", "0.3")),
    ("old-key", "warning", 6, 1, GOOD + "environment_variables:\n  plaintext:\n    A: b\n"),
    ("missing-phases", "error", 1, 1, "version: 0.2\n"),
    ("unknown-phase", "error", 3, 3, GOOD.replace("build:", "prebuild:")),
    ("phase-outside-phases", "warning", 6, 1, GOOD + "post-build:\n  commands:\n    - ls\n"),
    ("missing-commands", "error", 3, 3, BUILD + "    run-as: root\n"),
    ("only-finally", "warning", 3, 3, BUILD + "    finally:\n      - make\n"),
    ("commands-not-list", "error", 4, 15, BUILD + "    commands: make\n"),
    ("command-not-string", "error", 5, 9, BUILD + "    commands:\n      - echo a: b\n"),
    ("empty-command", "warning", 5, 10, BUILD + "    commands:\n      - ''\n"),
    ("bad-on-failure", "error", 6, 17, GOOD + "    on-failure: STOP\n"),
    (
        *("misplaced-runtime-versions", "warning", 6, 5),
        GOOD + "    runtime-versions:\n      nodejs: 18\n",
    ),
    ("unknown-shell", "warning", 7, 10, GOOD + "env:\n  shell: zsh\n"),
    ("variable-name", "warning", 8, 5, GOOD + "env:\n  variables:\n    my-name: x\n"),
    ("bad-secret-reference", "error", 8, 5, GOOD + "env:\n  secrets-manager:\n    A: a::b:c\n"),
    ("missing-files", "error", 6, 1, GOOD + "artifacts:\n  name: x\n"),
    (
        *("only-secondary-artifacts", "warning", 6, 1),
        GOOD + "artifacts:\n  secondary-artifacts:\n    one:\n      files: ['*']\n",
    ),
    (
        *("too-many-fallback-keys", "error", 8, 3),
        GOOD + "cache:\n  key: k\n  fallback-keys: [a, b, c, d, e, f]\n",
    ),
    ("fallback-without-key", "warning", 7, 3, GOOD + "cache:\n  fallback-keys: [a]\n"),
    ("bad-cache-action", "warning", 7, 11, GOOD + "cache:\n  action: keep\n"),
    (
        *("too-many-report-groups", "error", 17, 3),
        GOOD + "reports:\n" + "".join(f"  r{n}:\n    files: ['*']\n" for n in range(7)),
    ),
    (
        *("bad-file-format", "error", 9, 18),
        GOOD + "reports:\n  unit:\n    files: ['*']\n    file-format: simplecov-json\n",
    ),
    ("no-batch-kind", "warning", 6, 1, BATCH + "  fast-fail: true\n"),
    (
        *("several-batch-kinds", "error", 9, 3),
        BATCH + "  build-fanout:\n    parallelism: 2\n  build-list:\n    - identifier: a\n",
    ),
    ("missing-identifier", "error", 8, 7, BATCH + "  build-list:\n    - buildspec: b.yml\n"),
    (
        *("duplicate-identifier", "error", 9, 19),
        BATCH + "  build-list:\n    - identifier: a\n    - identifier: a\n",
    ),
    (
        *("unknown-dependency", "error", 9, 19),
        BATCH + "  build-graph:\n    - identifier: a\n      depend-on: [b]\n",
    ),
    (
        *("cyclic-dependency", "error", 9, 19),
        BATCH + "  build-graph:\n    - identifier: a\n      depend-on: [a]\n",
    ),
    ("bad-parallelism", "error", 7, 3, BATCH + "  build-fanout: {}\n"),
]


@pytest.mark.parametrize(
    ("rule", "severity", "line", "column", "text"), BROKEN, ids=[row[0] for row in BROKEN]
)
def test_a_broken_rule_is_reported_at_its_place(
    rule: str, severity: str, line: int, column: int, text: str | bytes
) -> None:
    data = text.encode() if isinstance(text, str) else text
    spec, problems = read_buildspec(data, "buildspec.yml")
    assert [(p.rule, p.severity, p.at) for p in problems if p.rule == rule] == [
        (rule, severity, Position(line, column))
    ]
    assert (spec is None) == any(problem.severity == "error" for problem in problems)


def test_each_rule_has_an_example() -> None:
    assert [row[0] for row in BROKEN] == sorted((row[0] for row in BROKEN), key=list(RULES).index)
    assert {row[0] for row in BROKEN} == set(RULES)


def test_the_page_about_buildspecs_lists_the_rules() -> None:
    page = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "buildspec.md")
    with open(page, encoding="utf-8") as file:
        rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([a-z]+) \| (.*) \|$", file.read(), re.MULTILINE)
    assert {rule: meaning for rule, _, meaning in rows} == RULES
    severities = {rule: severity for rule, severity, _ in rows if severity != "either"}
    assert severities.items() <= {row[0]: row[1] for row in BROKEN}.items()
