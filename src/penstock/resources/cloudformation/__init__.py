"""What CloudFormation makes by itself: stacks in stacks, and conditions that wait for signals."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.cloudformation.nested import NestedStack
from penstock.resources.cloudformation.waiting import WaitCondition, WaitConditionHandle
from penstock.resources.contract import Handler

HANDLERS: Mapping[str, Handler] = {
    "AWS::CloudFormation::Stack": NestedStack(),
    "AWS::CloudFormation::WaitCondition": WaitCondition(),
    "AWS::CloudFormation::WaitConditionHandle": WaitConditionHandle(),
}
