"""L10: EnvironmentVariables of a CodeBuild action is a JSON list in a text (CP-125)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.json_values import NOT_JSON, OPEN, value_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
_HINT = 'write [{"name": "NAME", "value": "value", "type": "PLAINTEXT"}] in a text'
_GOOD = but(
    DECLARATION,
    (
        "{ProjectName: site}",
        """{ProjectName: site, EnvironmentVariables: '[{"name": "STAGE", "value": "test"}]'}""",
    ),
)


@rule(
    id="action-environment",
    severity=Severity.ERROR,
    summary="EnvironmentVariables that are no JSON list of name, value and type.",
    bad=but(_GOOD, ('[{"name": "STAGE", "value": "test"}]', '{"STAGE": "test"}')),
    good=_GOOD,
)
def action_environment(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CodeBuild"):
        text = place.action.configuration.get("EnvironmentVariables")
        if text is None:
            continue
        problem = _problem(value_of(text))
        if problem:
            path = (*place.path, "configuration", "EnvironmentVariables")
            yield Finding(subject.place(*path), problem, _HINT)


def _problem(value: Any) -> str:
    if value is OPEN:
        return ""
    if value is NOT_JSON or not isinstance(value, list):
        return "EnvironmentVariables is not a JSON list"
    for one in value:
        if is_open(one):
            continue
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            return "an entry of EnvironmentVariables has no name"
        name = shown(one["name"])
        if not isinstance(one.get("value"), str):
            return f"EnvironmentVariables has no text as the value of `{name}`"
        if one.get("type", "PLAINTEXT") not in _TYPES and not is_open(one["type"]):
            return f"the type of `{name}` is none of {', '.join(_TYPES)}"
        unknown = sorted(set(map(str, one)) - {"name", "value", "type"})
        if unknown:
            return f"`{name}` has `{shown(unknown[0])}`, which is none of name, value, type"
    return ""
