"""Every rule of templates and pipelines against its own examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.lint import lint_paths
from penstock.lint.catalog import DOCUMENT_RULES
from penstock.lint.rule import Rule


def lint(folder: Path, rule: Rule[Any], text: str) -> tuple[Diagnostic, ...]:
    (folder / ".git").mkdir(exist_ok=True)
    for name, content in rule.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    file = folder / "document.yml"
    file.write_text(text)
    return lint_paths([str(file)], shellcheck=False, cfn_lint=False).diagnostics


@pytest.mark.parametrize("rule", DOCUMENT_RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_example_with_its_severity(tmp_path: Path, rule: Rule[Any]) -> None:
    found = [one for one in lint(tmp_path, rule, rule.bad) if one.rule == rule.id]
    assert {one.severity for one in found} == {rule.severity}
    assert all(one.at > (1, 1) for one in found)


@pytest.mark.parametrize("rule", DOCUMENT_RULES, ids=lambda rule: rule.id)
def test_nothing_is_found_in_a_good_example(tmp_path: Path, rule: Rule[Any]) -> None:
    found = lint(tmp_path, rule, rule.good)
    assert [one for one in found if one.severity is not Severity.INFO] == []
    assert rule.id not in {one.rule for one in found}


def test_ids_are_unique() -> None:
    assert len({rule.id for rule in DOCUMENT_RULES}) == len(DOCUMENT_RULES)
