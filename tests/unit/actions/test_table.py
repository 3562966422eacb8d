from __future__ import annotations

import pytest

from penstock.actions import PROVIDERS, custom, provider_of, source_s3
from penstock.documents.action_types import ACTION_TYPES
from penstock.documents.pipelines import TypeId
from penstock.documents.rule_types import RULE_TYPES

NOWHERE = TypeId("Deploy", "AWS", "Nowhere")


def test_a_provider_is_found_by_its_type() -> None:
    assert provider_of(TypeId("Source", "AWS", "S3")) is source_s3.start


def test_custom_actions_of_any_name_are_jobs() -> None:
    """CP-145"""
    assert provider_of(TypeId("Build", "Custom", "S3", "9")) is custom.start


@pytest.mark.parametrize("key", sorted(PROVIDERS))
def test_each_row_of_the_table_has_something_to_call(key: tuple[str, str, str]) -> None:
    assert callable(provider_of(TypeId(*key)))


@pytest.mark.parametrize(
    "type_id",
    sorted(one for one in {*ACTION_TYPES, *RULE_TYPES} if one.provider != "Manual"),
    ids="-".join,
)
def test_every_type_is_performed_or_says_that_it_is_not(type_id: TypeId) -> None:
    """What test_actions_s3 shows of ECS: it fails with its name. Approvals begin without a job."""
    is_here = type_id[:3] in PROVIDERS
    assert (provider_of(type_id) is not provider_of(NOWHERE)) is is_here
