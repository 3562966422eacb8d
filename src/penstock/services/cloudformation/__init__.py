"""AWS CloudFormation, without drift, StackSets, generated templates and the registry."""

from __future__ import annotations

import re
from typing import Any

from penstock.documents.model_shapes import check_shape
from penstock.services.cloudformation.asked import refuse_missing
from penstock.services.cloudformation.change_sets import ChangeSets
from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.exports import Exports
from penstock.services.cloudformation.failures import Failures
from penstock.services.cloudformation.limits import Limits
from penstock.services.cloudformation.operations import Operations
from penstock.services.cloudformation.policies import Policies
from penstock.services.cloudformation.stack_resources import StackResources
from penstock.services.cloudformation.stacks import Stacks
from penstock.services.cloudformation.summaries import Summaries
from penstock.services.cloudformation.templates import Templates
from penstock.services.service import Answer, Handler, Request
from penstock.state.calls import Call

_PLACE = re.compile(r"(?<= at ')[^']*")
_FIRST = re.compile(r"(?:^|(?<=\.))[A-Z]")


class CloudFormation(
    Stacks,
    StackResources,
    ChangeSets,
    Templates,
    Summaries,
    Exports,
    Policies,
    Operations,
    Limits,
    Failures,
):
    def handler(self, operation: str) -> Handler:
        """As of every service, but words and patterns of the model are checked too, and what would
        have to go another way is refused. Those that begin an operation take a `waiter` besides."""
        handle: Any = super().handler(operation)

        async def checked(call: Call, request: Request, **more: Any) -> Answer | None:
            _, findings = check_shape("cloudformation", f"{operation}Input", request)
            if findings:
                told = "; ".join(_in_camel_case(finding.message) for finding in findings[:100])
                plural = "" if len(findings) == 1 else "s"
                raise invalid(f"{len(findings)} validation error{plural} detected: {told}")
            refuse_missing(operation, request)
            answer: Answer | None = await handle(call, request, **more)
            return answer

        return checked


def _in_camel_case(message: str) -> str:
    """Members are told with small first letters."""
    return _PLACE.sub(lambda place: _FIRST.sub(_small, place[0]), message, count=1)


def _small(letter: re.Match[str]) -> str:
    return letter[0].lower()
