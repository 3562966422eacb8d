"""L09: ParameterOverrides is a JSON object in a text of at most 1 KB (CP-153)."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.json_values import NOT_JSON, OPEN, value_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

MOST_BYTES = 1024
_GOOD = but(
    DECLARATION,
    (
        "            TemplatePath",
        '            ParameterOverrides: \'{"Stage": "test"}\'\n            TemplatePath',
    ),
)


@rule(
    id="parameter-overrides",
    severity=Severity.ERROR,
    summary="ParameterOverrides that are no JSON object, or larger than 1 KB.",
    bad=but(_GOOD, ('\'{"Stage": "test"}\'', "Stage=test")),
    good=_GOOD,
)
def parameter_overrides(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CloudFormation"):
        text = place.action.configuration.get("ParameterOverrides")
        if text is None:
            continue
        at = subject.place(*place.path, "configuration", "ParameterOverrides")
        value = value_of(text)
        if value is NOT_JSON or not (value is OPEN or isinstance(value, dict)):
            hint = 'write {"Parameter": "value"} in a text'
            yield Finding(at, "ParameterOverrides is not a JSON object", hint)
        elif not is_open(text) and len(text.encode()) > MOST_BYTES:
            message = f"ParameterOverrides has {len(text.encode())} bytes; 1024 are the most"
            yield Finding(at, message, "put the values into a file for TemplateConfiguration")
