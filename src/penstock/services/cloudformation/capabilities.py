"""What a caller has to acknowledge before a template is used (TG-128)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from penstock.errors import AwsError

IAM, NAMED_IAM = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"
AUTO_EXPAND = "CAPABILITY_AUTO_EXPAND"
NAMED_BY: Mapping[str, str] = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}
"""The types that need acknowledgement, and the property that gives such a resource a name."""


def needed_for(resources: Mapping[str, Any]) -> str:
    """What resources of a template (or of a definition) need: "" for nothing."""
    found = ""
    for resource in resources.values():
        name = NAMED_BY.get(resource.type)
        if name and name in resource.properties:
            return NAMED_IAM
        if name is not None:
            found = IAM
    return found


def types_that_need(resources: Mapping[str, Any]) -> list[str]:
    return sorted({one.type for one in resources.values() if one.type in NAMED_BY})


def check_capabilities(resources: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises InsufficientCapabilitiesException."""
    needed = needed_for(resources)
    enough = (IAM, NAMED_IAM) if needed == IAM else (needed,)
    if needed and not set(enough) & set(given):
        raise insufficient(needed)


def insufficient(needed: str) -> AwsError:
    return AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")
