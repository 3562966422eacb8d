"""L10, CP-013: the documented limit of a configuration value, which AWS may or may not hold to."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import without_marks

MOST = 1000
_GOOD = but(
    DECLARATION,
    (
        "            TemplatePath",
        '            ParameterOverrides: \'{"Stage": "test"}\'\n            TemplatePath',
    ),
)


@rule(
    id="long-configuration",
    severity=Severity.INFO,
    summary="A configuration value of more than 1000 characters, the documented limit.",
    bad=but(_GOOD, ("test", "test" * 250)),
    good=_GOOD,
)
def long_configuration(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.actions:
        for key, text in place.action.configuration.items():
            length = len(without_marks(text, ""))
            if length > MOST:
                at = subject.place(*place.path, "configuration", key)
                message = f"{subject.shown(key)} has {length} characters; {MOST} are documented"
                yield Finding(at, message)
