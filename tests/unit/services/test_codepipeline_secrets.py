"""Secrets of declarations are taken out of them."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.action_types import ActionTypeSpec, Counts, Property
from penstock.documents.pipelines import TypeId
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.services.codepipeline.secrets import MASK, take_secrets

TYPE = TypeId("Build", "Custom", "Jenkins")
PROPERTIES = (Property("Job"), Property("Token", secret=True), Property("Other", secret=True))
CUSTOM = {TYPE: ActionTypeSpec(TYPE, Counts(0, 0), Counts(0, 0), PROPERTIES)}


def declaration(**configuration: str) -> dict[str, Any]:
    one = {"name": "Make", "actionTypeId": TYPE._asdict(), "configuration": configuration}
    ask = {"name": "Ask", "actionTypeId": {"category": "Approval"}, "configuration": {"Token": "x"}}
    return {"name": "web", "stages": [{"name": "Build", "actions": [one, ask]}]}


def take(document: dict[str, Any], **kept: str) -> tuple[dict[str, str], Any]:
    """The configuration that is left of the first action, and the secrets."""
    before = {f"Build/Make/{key}": value for key, value in kept.items()}
    after, secrets = take_secrets(document, pipeline_of(document), CUSTOM, before)
    assert after["stages"][0]["actions"][1] == document["stages"][0]["actions"][1]
    return after["stages"][0]["actions"][0]["configuration"], secrets


def test_secrets_are_masked_and_nothing_else() -> None:
    """CP-014"""
    document = declaration(Job="nightly", Token="t")
    left, secrets = take(document)
    assert left == {"Job": "nightly", "Token": MASK}
    assert secrets == {"Build/Make/Token": "t"}
    assert document == declaration(Job="nightly", Token="t")


def test_the_mask_stands_for_what_was_kept() -> None:
    """CP-014"""
    left, secrets = take(declaration(Token=MASK, Other="new"), Token="t", Other="old", Gone="x")
    assert left == {"Token": MASK, "Other": MASK}
    assert secrets == {"Build/Make/Token": "t", "Build/Make/Other": "new"}


def test_the_mask_without_anything_kept_is_refused() -> None:
    """CP-014"""
    with pytest.raises(AwsError) as raised:
        take(declaration(Token=MASK), Other="o")
    assert raised.value.code == "InvalidActionDeclarationException"
    assert "'Make'" in raised.value.message
