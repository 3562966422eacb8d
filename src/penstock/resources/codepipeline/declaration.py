"""The API's PipelineDeclaration of a template's properties (CP-001 to CP-013)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Answer
from penstock.resources.shaping import check_names, shaped

DECLARED = (
    *("ArtifactStore", "ArtifactStores", "ExecutionMode", "PipelineType", "RoleArn", "Stages"),
    *("Triggers", "Variables"),
)
"""The properties that a declaration is made of, besides its name."""
_GATES = ("BeforeEntry", "OnFailure", "OnSuccess")


def declaration(name: str, properties: Mapping[str, Any]) -> Answer:
    """Raises AwsError for what a declaration cannot have."""
    given = {key: properties[key] for key in DECLARED if key in properties}
    if "ArtifactStores" in given:
        given["ArtifactStores"] = _stores(given["ArtifactStores"])
    if "Stages" in given:
        given["Stages"] = [_stage(stage) for stage in given["Stages"]]
    return shaped("codepipeline", "PipelineDeclaration", {**given, "Name": name})


def _stores(given: Any) -> dict[str, Any]:
    """A list in templates, with the Region in each; by Region in the API."""
    for one in given:
        check_names(one, ("ArtifactStore", "Region"))
    return {str(one.get("Region")): one.get("ArtifactStore") for one in given}


def _stage(stage: Any) -> dict[str, Any]:
    if not isinstance(stage, Mapping):
        raise AwsError("ValidationError", "Value of property Stages must be a list of objects")
    made = dict(stage)
    if "Actions" in made:
        made["Actions"] = [_configured(action) for action in made["Actions"]]
    for name in _GATES:
        gate = made.get(name)
        if isinstance(gate, Mapping) and "Conditions" in gate:
            made[name] = {**gate, "Conditions": [_condition(one) for one in gate["Conditions"]]}
    return made


def _condition(condition: Any) -> Any:
    if not isinstance(condition, Mapping) or "Rules" not in condition:
        return condition
    return {**condition, "Rules": [_configured(rule) for rule in condition["Rules"]]}


def _configured(action: Any) -> Any:
    """An action or a rule: what its configuration has are texts, whatever a template writes."""
    if not isinstance(action, Mapping) or not isinstance(action.get("Configuration"), Mapping):
        return action
    texts = {key: as_text(value) for key, value in action["Configuration"].items()}
    return {**action, "Configuration": texts}


def as_text(value: Any) -> str:
    """JSON of objects and lists, and `true` of a boolean."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
