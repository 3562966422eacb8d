from __future__ import annotations

from pathlib import Path

from penstock.lint.catalog import DOCUMENT_RULES, summaries
from penstock.lint.rules import REPORTED, RULES
from penstock.lint.rules_page import page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_rules_is_up_to_date() -> None:
    """Write it anew with `python -m penstock.lint.rules_page > docs/lint-rules.md`."""
    assert (DOCS / "lint-rules.md").read_text() == page()


def test_the_page_names_every_rule_and_shows_every_example() -> None:
    text = page()
    assert all(name in text for name in summaries())
    assert all(rule.bad in text and rule.good in text for rule in (*RULES, *REPORTED))


def test_the_page_shows_where_long_examples_differ() -> None:
    text = page()
    assert all(f"### {rule.id}\n" in text for rule in DOCUMENT_RULES)
    assert "-              Configuration: {RepositoryName: web, Branch" not in text
    assert "-          configuration: {RepositoryName: web, BranchName: main, Poll: false}" in text
