"""Secrets in the configuration of actions: kept apart, read back as `****` (CP-014). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.action_types import ActionTypeSpec, action_type
from penstock.documents.pipelines import Action, Pipeline, TypeId
from penstock.errors import AwsError

MASK = "****"
Document = dict[str, Any]
Secrets = Mapping[str, str]
"""Values by `Stage/Action/Key`."""


def take_secrets(
    document: Document,
    pipeline: Pipeline,
    custom: Mapping[TypeId, ActionTypeSpec],
    kept: Secrets,
) -> tuple[Document, Secrets]:
    """The declaration with the mask in place of its secrets, and those.

    Where it has the mask already, what is `kept` of an earlier version stays. Raises AwsError
    (InvalidActionDeclarationException) where nothing is: an action that is new, or whose stage has
    another name now.
    """
    found: dict[str, str] = {}
    stages = []
    for stage, of_stage in zip(document["stages"], pipeline.stages, strict=True):
        actions = []
        for action, of_action in zip(stage["actions"], of_stage.actions, strict=True):
            secret = _secrets_of(of_action, custom)
            for key, value in secret.items():
                path = f"{of_stage.name}/{of_action.name}/{key}"
                if value == MASK and path not in kept:
                    raise _nothing_kept(of_action.name, key)
                found[path] = kept[path] if value == MASK else value
            masks = dict.fromkeys(secret, MASK)
            actions.append({**action, "configuration": {**action["configuration"], **masks}})
        stages.append({**stage, "actions": actions})
    return {**document, "stages": stages}, found


def _secrets_of(action: Action, custom: Mapping[TypeId, ActionTypeSpec]) -> dict[str, str]:
    spec = action_type(action.type, custom)
    keys = [one.name for one in spec.properties if one.secret] if spec else []
    return {key: action.configuration[key] for key in keys if key in action.configuration}


def _nothing_kept(action: str, key: str) -> AwsError:
    return AwsError(
        "InvalidActionDeclarationException",
        f"Action configuration for action '{action}' has the masked value {MASK} for the secret"
        f" configuration '{key}', and there is no earlier value to keep: give the value itself",
    )
