"""The table of rules for templates: a file per rule, a line here."""

from __future__ import annotations

from penstock.lint.templates.refused import TemplateRule
from penstock.lint.templates.rules.missing_buildspec import missing_buildspec
from penstock.lint.templates.rules.missing_property import missing_property
from penstock.lint.templates.rules.shown_secret import shown_secret
from penstock.lint.templates.rules.unknown_attribute import unknown_attribute
from penstock.lint.templates.rules.unknown_property import unknown_property
from penstock.lint.templates.rules.unknown_type import unknown_type
from penstock.lint.templates.rules.unused_parameter import unused_parameter

RULES: tuple[TemplateRule, ...] = (
    unknown_type,
    unknown_property,
    missing_property,
    unknown_attribute,
    missing_buildspec,
    shown_secret,
    unused_parameter,
)
