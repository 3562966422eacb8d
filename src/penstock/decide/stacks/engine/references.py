"""What Ref and Fn::GetAtt of a resource give once it has been made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.refusals import invalid
from penstock.decide.stacks.values import resolve
from penstock.state.stacks import ResourceState

CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def resolved(value: Any, resources: Mapping[str, ResourceState]) -> Any:
    """A value of a definition as it is with these resources. Raises AwsError."""

    def find(logical_id: str) -> ResourceState:
        if logical_id not in resources:
            raise invalid(f"Unresolved resource dependencies [{logical_id}] in the template")
        return resources[logical_id]

    def get_att(logical_id: str, attribute: str) -> Any:
        found = find(logical_id)
        if attribute in found.attributes:
            return found.attributes[attribute]
        if found.type.startswith(CUSTOM):
            what = f"Vendor response doesn't contain {attribute} attribute in object"
            raise invalid(f"CustomResource attribute error: {what}")
        raise invalid(
            f"Template error: resource {logical_id} does not support attribute type"
            f" {attribute} in Fn::GetAtt"
        )

    return resolve(value, lambda logical_id: find(logical_id).physical_id, get_att)
