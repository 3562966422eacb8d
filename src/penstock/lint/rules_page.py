"""`docs/lint-rules.md`, written from the rules: `python -m penstock.lint.rules_page`."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec_rules import RULES as READER_SUMMARIES
from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Rule
from penstock.lint.rules import OTHERS, REPORTED, RULES

_INTRODUCTION = """\
# Lint rules

Made from the rules themselves by `python -m penstock.lint.rules_page > docs/lint-rules.md`.
How to use them: [lint.md](lint.md).

An **error** is what CodeBuild refuses. A **warning** is what it takes and what then goes wrong. A
**note** depends on what the file does not show, such as the project.
"""
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def page() -> str:
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _INTRODUCTION
    yield "| rule | severity | finds |\n| --- | --- | --- |"
    for rule in (*RULES, *REPORTED):
        yield f"| [{rule.id}](#{rule.id}) | {_WORDS[rule.severity]} | {rule.summary} |"
    yield "\n## Traps\n\nAll of these CodeBuild accepts."
    for rule in RULES:
        yield _section(rule)
    yield "\n## What a buildspec cannot be\n\nFound while the file is read, by `penstock run` too."
    for rule in REPORTED:
        yield _section(rule)
    yield "\n## More that reading a file reports\n\n| rule | finds |\n| --- | --- |"
    shown = {rule.id for rule in REPORTED}
    for name, summary in READER_SUMMARIES.items():
        if name not in shown:
            yield f"| {name} | {summary} |"
    yield "\n## What lint says of itself\n\n| rule | severity | finds |\n| --- | --- | --- |"
    for name, (severity, summary) in OTHERS.items():
        yield f"| {name} | {_WORDS[severity]} | {summary} |"
    yield ""


def _section(rule: Rule) -> str:
    return (
        f"\n### {rule.id}\n\n{rule.summary} *{_WORDS[rule.severity].capitalize()}.*\n\n"
        f"Found in:\n\n```yaml\n{rule.bad}```\n\nNot found in:\n\n```yaml\n{rule.good}```"
    )


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
