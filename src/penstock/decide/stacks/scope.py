"""What a stack's template may refer to, other than its own resources (TG-116)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.state.stacks import NOTHING


class Scope(NamedTuple):
    """`parameters` are as Ref gives them (`parameters.value_of`); `exports` are by name, those of
    the account in the Region. `zones` are availability zones by Region, for those Regions that
    have not just a, b and c.
    """

    account: str
    region: str
    stack_name: str
    stack_id: str
    notification_arns: tuple[str, ...] = ()
    parameters: Mapping[str, str | list[str]] = NOTHING
    exports: Mapping[str, str] = NOTHING
    zones: Mapping[str, tuple[str, ...]] = NOTHING

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def url_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def zones_of(self, region: str) -> list[str]:
        """The zones of a Region, or of the stack's own for ""."""
        region = region or self.region
        return list(self.zones.get(region) or (f"{region}{letter}" for letter in "abc"))

    def pseudo_parameters(self) -> Mapping[str, Any]:
        """All but AWS::NoValue, which is not a value."""
        return {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": list(self.notification_arns),
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }
