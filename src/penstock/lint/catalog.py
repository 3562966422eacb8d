"""Every rule of every kind of file, for what speaks of rules: comments, formats, documentation.

Linting itself imports the tables it needs, and no other.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from penstock.documents.buildspec_rules import RULES as BUILDSPEC_TEXTS
from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.refused import RULES as REFUSED_PIPELINES
from penstock.lint.pipelines.rules import RULES as PIPELINE_RULES
from penstock.lint.rule import Rule
from penstock.lint.rules import OTHERS, REPORTED, RULES
from penstock.lint.templates.refused import RULES as REFUSED_TEMPLATES
from penstock.lint.templates.refused import TEXTS as TEMPLATE_TEXTS
from penstock.lint.templates.rules import RULES as TEMPLATE_RULES

_FOREIGN = re.compile(r"SC\d{4}|cfn-lint/[EWI]\d{4}")

DOCUMENT_RULES: tuple[Rule[Any], ...] = (
    *PIPELINE_RULES,
    *TEMPLATE_RULES,
    *REFUSED_PIPELINES,
    *REFUSED_TEMPLATES,
)
"""Those of templates and pipelines."""


@cache
def rules() -> dict[str, Rule[Any]]:
    """Those with examples, by id."""
    return {rule.id: rule for rule in (*RULES, *REPORTED, *DOCUMENT_RULES)}


@cache
def summaries() -> dict[str, str]:
    """Every id a diagnostic can carry, but for those of other programs."""
    return {
        **BUILDSPEC_TEXTS,
        **TEMPLATE_TEXTS,
        **{id: rule.summary for id, rule in rules().items()},
        **{id: summary for id, (_, summary) in OTHERS.items()},
    }


def severity_of(id: str) -> Severity | None:
    rule = rules().get(id)
    return rule.severity if rule else OTHERS.get(id, (None,))[0]


def is_foreign(id: str) -> bool:
    """Whether it is another program's: shellcheck's or cfn-lint's."""
    return _FOREIGN.fullmatch(id) is not None
