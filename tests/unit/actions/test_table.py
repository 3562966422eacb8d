from __future__ import annotations

import pytest

from penstock.actions import PROVIDERS, custom, provider_of, source_s3
from penstock.documents.pipelines import TypeId


def test_a_provider_is_found_by_its_type() -> None:
    assert provider_of(TypeId("Source", "AWS", "S3")) is source_s3.start


def test_custom_actions_of_any_name_are_jobs() -> None:
    """CP-145"""
    assert provider_of(TypeId("Build", "Custom", "S3", "9")) is custom.start


@pytest.mark.parametrize("key", sorted(PROVIDERS))
def test_each_row_of_the_table_has_something_to_call(key: tuple[str, str, str]) -> None:
    assert callable(provider_of(TypeId(*key)))
