"""Which test shows which behaviour of AWS: prints docs/conformance.md.

    python tests/conformance.py > docs/conformance.md

A test shows a row when it names the row's id (`CB-081`) in its own name, docstring, decorators,
body, in a comment right above it, or in a table of the same file that it uses. The rows are in
`conformance.toml`; one that means nothing on one machine has a reason there instead. Whatever is
inconsistent is told on standard error and makes the exit status 1; the page is printed all the
same.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
ID = re.compile(r"\b(?:(?:CB|TG|CP)-\d{3}|[AL]\d{2})\b")
SHOWN_TESTS = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef

ROWS = tomllib.loads((TESTS / "conformance.toml").read_text(encoding="utf-8"))
SECTIONS: dict[str, dict[str, str]] = ROWS["sections"]
REASONS: dict[str, str] = ROWS["reasons"]


class Test(NamedTuple):
    """A test function; `file` is relative to the folder of tests."""

    file: str
    name: str


def rows() -> dict[str, str]:
    """All ids with their behaviour."""
    return {row: text for section in SECTIONS.values() for row, text in section.items()}


def citations(folder: Path) -> Iterator[tuple[str, Test]]:
    """(id, test that names it), in the order of files and lines; a pair comes once."""
    for path in sorted(folder.rglob("test_*.py")):
        # Ids of the first are examples; the others have those of teams (A12), which are no rows.
        if path.name != "test_conformance.py" and not path.name.startswith("test_example_"):
            file = path.relative_to(folder).as_posix()
            for name, row in cited(path.read_text(encoding="utf-8")):
                yield row, Test(file, name)


def cited(text: str) -> list[tuple[str, str]]:
    """(test function, id) pairs of a test file; ids outside all tests come with the name ''."""
    tree, lines = ast.parse(text), text.splitlines()
    tables = _tables(tree, lines)
    pairs: dict[tuple[str, str], None] = {}
    for test in _tests(tree):
        used = (tables[name] for name in _names(test) if name in tables)
        for piece in (_text(test, lines), *used):
            pairs.update(((test.name, row), None) for row in ID.findall(piece))
    stray = set(ID.findall(text)) - {row for _, row in pairs}
    return [*pairs, *(("", row) for row in sorted(stray))]


def _tests(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def _tables(tree: ast.Module, lines: Sequence[str]) -> dict[str, str]:
    """The text of each module-level assignment by the name it gives."""
    tables = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                tables[target.id] = _text(node, lines)
    return tables


def _names(test: Function) -> Iterator[str]:
    """The names a test uses, its decorators included; a list, as order decides the page."""
    for node in ast.walk(test):
        if isinstance(node, ast.Name):
            yield node.id


def _text(node: ast.stmt, lines: Sequence[str]) -> str:
    """The source of a statement with its decorators and the comment lines right above."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def problems(
    known: Mapping[str, str], reasons: Mapping[str, str], shown: Mapping[str, Sequence[Test]]
) -> list[str]:
    """What is inconsistent, a line each."""
    found = [
        f"{row} is named by {tests[0].file}, but is no row: mend it there, or add it to ROWS"
        for row, tests in shown.items()
        if row not in known
    ]
    found += [f"{row} has a reason but is no row" for row in reasons if row not in known]
    for row, text in known.items():
        tests = [test for test in shown.get(row, ()) if test.name]
        if tests and row in reasons:
            found.append(f"{row} has a reason, but {tests[0].file} shows it: remove the reason")
        if not tests and row not in reasons:
            found.append(f"{row} has no test and no reason: {text}")
    return found


def page(shown: Mapping[str, Sequence[Test]]) -> str:
    """docs/conformance.md."""
    lines = [
        "# Conformance",
        "",
        "<!-- Made by `make docs` from the tests; do not edit. -->",
        "",
        "What AWS does, and the tests that show Penstock doing it: those that run builds",
        "first, then those that read documents. The ids are Penstock's own. `make check` and",
        "`make test` fail when this page is stale, or a row has neither a test nor a reason.",
    ]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}", "", "| id | behaviour | shown by |", "| --- | --- | --- |"]
        lines += [
            f"| {row} | {text} | {_evidence(row, shown.get(row, ()))} |"
            for row, text in section.items()
        ]
    return "\n".join(lines) + "\n"


def _evidence(row: str, tests: Sequence[Test]) -> str:
    named = [test for test in tests if test.name]
    links = [f"[{test.name}](../tests/{test.file})" for test in named[:SHOWN_TESTS]]
    if len(named) > SHOWN_TESTS:
        links.append(f"{len(named) - SHOWN_TESTS} more")
    if row in REASONS:
        links.append(f"*not here:* {REASONS[row]}")
    return "<br>".join(links)


def main() -> int:
    shown: dict[str, list[Test]] = {}
    for row, test in citations(TESTS):
        shown.setdefault(row, []).append(test)
    print(page(shown), end="")
    found = problems(rows(), REASONS, shown)
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
