"""`docs/lint-rules.md`, written from the rules: `python -m penstock.lint.rules_page`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from penstock.documents.buildspec_rules import RULES as BUILDSPEC_TEXTS
from penstock.documents.diagnostics import Severity
from penstock.lint.catalog import DOCUMENT_RULES
from penstock.lint.pipelines.refused import RULES as REFUSED_PIPELINES
from penstock.lint.pipelines.rules import RULES as PIPELINE_RULES
from penstock.lint.rule import Rule
from penstock.lint.rules import OTHERS, REPORTED, RULES
from penstock.lint.templates.refused import RULES as REFUSED_TEMPLATES
from penstock.lint.templates.refused import TEXTS as TEMPLATE_TEXTS
from penstock.lint.templates.rules import RULES as TEMPLATE_RULES

_INTRODUCTION = """\
# Lint rules

Made from the rules themselves by `python -m penstock.lint.rules_page > docs/lint-rules.md`.
How to use them: [lint.md](lint.md).

An **error** is what AWS refuses, or fails at once. A **warning** is what it takes and what then
goes wrong. A **note** depends on what the file does not show, such as the project.
"""
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_DOCUMENTS = (
    ("Pipelines", "Of those in templates, and of declarations.", PIPELINE_RULES),
    ("What a pipeline cannot be", "Told in the words of CreatePipeline.", REFUSED_PIPELINES),
    ("Templates", "Of CloudFormation templates, and what they expect of the tree.", TEMPLATE_RULES),
    ("What a template cannot be", "Told in the words of CreateStack.", REFUSED_TEMPLATES),
)  # fmt: skip
_CONTEXT = 3


def page() -> str:
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _INTRODUCTION
    yield "| rule | severity | finds |\n| --- | --- | --- |"
    for rule in (*RULES, *REPORTED, *DOCUMENT_RULES):
        yield f"| [{rule.id}](#{rule.id}) | {_WORDS[rule.severity]} | {rule.summary} |"
    yield "\n## Buildspecs\n\nAll of these CodeBuild accepts."
    for buildspec_rule in RULES:
        yield _section(buildspec_rule)
    yield "\n## What a buildspec cannot be\n\nFound while the file is read, by `penstock run` too."
    for buildspec_rule in REPORTED:
        yield _section(buildspec_rule)
    for title, words, rules in _DOCUMENTS:
        yield f"\n## {title}\n\n{words}"
        for rule in rules:
            yield _changed(rule)
    yield "\n## More that reading a file reports\n\n| rule | finds |\n| --- | --- |"
    shown = {rule.id for rule in REPORTED}
    for name, summary in {**BUILDSPEC_TEXTS, **TEMPLATE_TEXTS}.items():
        if name not in shown:
            yield f"| {name} | {summary} |"
    yield "\n## What lint says of itself\n\n| rule | severity | finds |\n| --- | --- | --- |"
    for name, (severity, summary) in OTHERS.items():
        yield f"| {name} | {_WORDS[severity]} | {summary} |"
    yield ""


def _section(rule: Rule[Any]) -> str:
    return (
        f"{_head(rule)}\n\n"
        f"Found in:\n\n```yaml\n{rule.bad}```\n\nNot found in:\n\n```yaml\n{rule.good}```"
    )


def _changed(rule: Rule[Any]) -> str:
    """The examples are long, and differ by little: that is what is shown."""
    bad, good = rule.bad.splitlines(), rule.good.splitlines()
    lines = list(unified_diff(bad, good, lineterm="", n=_CONTEXT))[2:]
    files = ", ".join(f"`{name}`" for name in rule.files)
    beside = f" The tree has {files}." if files else ""
    shown = "\n".join(_short(line) for line in lines if not line.startswith("@@"))
    return f"{_head(rule)}{beside}\n\n```diff\n{shown}\n```"


def _head(rule: Rule[Any]) -> str:
    return f"\n### {rule.id}\n\n{rule.summary} *{_WORDS[rule.severity].capitalize()}.*"


def _short(line: str) -> str:
    return line if len(line) <= 120 else f"{line[:117]}..."


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
