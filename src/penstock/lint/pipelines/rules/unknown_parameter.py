"""L09: what ParameterOverrides and TemplateConfiguration set are parameters of the template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.documents.pipelines.subject import ActionPlace
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.json_values import value_of
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.pipelines.tree_files import artifact_file, parameters_of
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_GOOD = but(
    DECLARATION,
    ("inputArtifacts: [{name: site}]", "inputArtifacts: [{name: tree}]"),
    (
        "TemplatePath: site::template.yml",
        'TemplatePath: tree::site.yml\n            ParameterOverrides: \'{"Stage": "test"}\'',
    ),
)
_SITE = """\
Parameters:
  Stage: {Type: String}
Resources:
  Site: {Type: AWS::S3::Bucket}
Outputs:
  Stage: {Value: !Ref Stage}
"""


@rule(
    id="unknown-parameter",
    severity=Severity.WARNING,
    summary="ParameterOverrides or TemplateConfiguration of a parameter that the template in the"
    " source tree does not have.",
    bad=but(_GOOD, ('"Stage"', '"stage"')),
    good=_GOOD,
    files={"site.yml": _SITE},
)
def unknown_parameter(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CloudFormation"):
        template = _file(subject, place, "TemplatePath")
        known = parameters_of(template) if template else None
        if known is None:
            continue
        for key, names in _given(subject, place):
            path = (*place.path, "configuration", key)
            for name in names:
                if name in known or is_open(name):
                    continue
                message = f"the template has no parameter `{shown(name)}`"
                hint = f"it has: {', '.join(sorted(known))}" if known else "it has none"
                at = subject.within(path, f'"{name}"')
                yield Finding(at, message, hint)


def _given(subject: PipelineSubject, place: ActionPlace) -> Iterator[tuple[str, list[str]]]:
    overrides = value_of(place.action.configuration.get("ParameterOverrides", ""))
    yield "ParameterOverrides", list(overrides) if isinstance(overrides, dict) else []
    data = _file(subject, place, "TemplateConfiguration")
    try:
        configuration: Any = json.loads(data) if data else {}
    except ValueError:
        return
    given = configuration.get("Parameters") if isinstance(configuration, dict) else None
    yield "TemplateConfiguration", list(given) if isinstance(given, dict) else []


def _file(subject: PipelineSubject, place: ActionPlace, key: str) -> bytes | None:
    """The content of a file of the source that is in the tree."""
    found = artifact_file(place.action.configuration.get(key, ""))
    if not found or is_open(found[1]) or not subject.is_source(found[0]):
        return None
    return subject.tree.read(found[1])
