"""What Regions make of pseudo parameters (TG-116)."""

from __future__ import annotations

import pytest

from .templates import SCOPE


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("us-east-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_the_partition_is_that_of_the_region(region: str, partition: str, suffix: str) -> None:
    """TG-116"""
    scope = SCOPE._replace(region=region)
    assert (scope.partition, scope.url_suffix) == (partition, suffix)


def test_zones_may_be_told() -> None:
    scope = SCOPE._replace(zones={"eu-west-1": ("eu-west-1b",)})
    assert scope.zones_of("") == ["eu-west-1b"]
    assert scope.zones_of("eu-west-2") == ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
