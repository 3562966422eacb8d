"""What a template is, without a stack: ValidateTemplate and GetTemplateSummary."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from penstock.documents.resource_schemas import schema_of
from penstock.documents.templates import Parameter, Resource
from penstock.errors import not_implemented
from penstock.services.cloudformation.capabilities import AUTO_EXPAND, needed_for, types_that_need
from penstock.services.cloudformation.errors import does_not_exist, invalid
from penstock.services.cloudformation.reading import Given, read_given
from penstock.services.cloudformation.resource_types import check_types
from penstock.services.cloudformation.stack_names import plan_of, the_stack
from penstock.services.cloudformation.template_sources import needed_template, template_of
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call

Resources = Mapping[str, Resource]
_CONSTRAINTS = (
    "AllowedPattern", "ConstraintDescription", "MaxLength", "MaxValue", "MinLength", "MinValue",
)  # fmt: skip


class Summaries(Service):
    async def validate_template(self, call: Call, request: Request) -> Answer:
        """What the text says; whether its transforms can be done is not looked at."""
        given = await read_given(await needed_template(self.store, call, request))
        if not given.transforms:
            check_types(given.template, ())
        parameters = [_shown(name, one) for name, one in given.template.parameters.items()]
        return _about(given, _resources(given), {"Parameters": parameters})

    async def get_template_summary(self, call: Call, request: Request) -> Answer:
        """Of a text, of an object, or of a stack that there is."""
        if request.get("StackSetName"):
            raise not_implemented("GetTemplateSummary.StackSetName")
        given = await read_given(await self._given_or_kept(call, request))
        resources = _resources(given)
        answer: Answer = {
            "Parameters": [_declared(name, one) for name, one in given.template.parameters.items()],
            "ResourceTypes": list(dict.fromkeys(one.type for one in resources.values())),
            "ResourceIdentifierSummaries": _identifiers(resources),
        }
        if "AWSTemplateFormatVersion" in given.body:
            answer["Version"] = str(given.body["AWSTemplateFormatVersion"])
        if given.template.metadata:
            answer["Metadata"] = json.dumps(given.template.metadata)
        return _about(given, resources, answer)

    async def _given_or_kept(self, call: Call, request: Request) -> bytes:
        data = await template_of(self.store, call, request)
        if data is not None:
            return data
        if not request.get("StackName"):
            raise invalid("Either Template URL or Template Body must be specified.")
        stack = await the_stack(self.store, call, request["StackName"])
        plan = await plan_of(self.store, stack)
        if plan is None:
            raise does_not_exist(request["StackName"])
        return plan.template.encode()


def _about(given: Given, resources: Resources, answer: Answer) -> Answer:
    """What both operations tell."""
    needed = [name] if (name := needed_for(resources)) else []
    reasons = types_that_need(resources)
    if given.transforms:
        needed.append(AUTO_EXPAND)
        reasons += given.transforms
        answer["DeclaredTransforms"] = list(given.transforms)
    if given.template.description:
        answer["Description"] = given.template.description
    if needed:
        answer["Capabilities"] = needed
        answer["CapabilitiesReason"] = (
            f"The following resource(s) require capabilities: [{', '.join(reasons)}]"
        )
    return answer


def _shown(name: str, parameter: Parameter) -> Answer:
    answer: Answer = {"ParameterKey": name, "NoEcho": parameter.no_echo}
    if parameter.default is not None:
        answer["DefaultValue"] = _text(parameter.default)
    if parameter.description:
        answer["Description"] = parameter.description
    return answer


def _declared(name: str, parameter: Parameter) -> Answer:
    constraints: Answer = {
        member: _text(parameter.constraints[member])
        for member in _CONSTRAINTS
        if member in parameter.constraints
    }
    if "AllowedValues" in parameter.constraints:
        constraints["AllowedValues"] = list(map(_text, parameter.constraints["AllowedValues"]))
    answer = _shown(name, parameter) | {"ParameterType": parameter.type}
    return answer | {"ParameterConstraints": constraints} if constraints else answer


def _resources(given: Given) -> Resources:
    """Those that the text has: of a template with transforms, those before any of these."""
    if not given.transforms:
        return given.template.resources
    found = given.body.get("Resources")
    return {
        name: Resource(one["Type"], properties)
        for name, one in (found.items() if isinstance(found, Mapping) else ())
        if isinstance(one, Mapping)
        and isinstance(one.get("Type"), str)
        and isinstance(properties := one.get("Properties", {}), Mapping)
    }


def _identifiers(resources: Resources) -> list[Answer]:
    """By type, for those whose schema says what identifies them."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for name, one in resources.items():
        by_type[one.type].append(name)
    found = []
    for type, names in by_type.items():
        schema = schema_of(type)
        if schema is not None and schema.primary_identifier:
            identifiers = list(schema.primary_identifier)
            found.append(
                {
                    "ResourceType": type,
                    "LogicalResourceIds": names,
                    "ResourceIdentifiers": identifiers,
                }
            )
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
