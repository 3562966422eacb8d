"""From what was asked to the plan of a stack: one way for the API, for nested stacks and for the
actions of pipelines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.decide.stacks.parameters import parameters_of, store_names, value_of, with_stored
from penstock.decide.stacks.planning import make_definition
from penstock.decide.stacks.refusals import MissingExport
from penstock.decide.stacks.rules import check_rules
from penstock.decide.stacks.scope import Scope
from penstock.documents.templates import Template
from penstock.errors import AwsError
from penstock.services.cloudformation.asked import Asked
from penstock.services.cloudformation.capabilities import (
    AUTO_EXPAND,
    check_capabilities,
    insufficient,
)
from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.reading import Given, read_given, template_of
from penstock.services.cloudformation.resource_types import check_types, replaced_by
from penstock.services.cloudformation.transforms import transformed
from penstock.services.ssm.names import read_selector
from penstock.state.calls import Call
from penstock.state.recorded_stacks import ParameterValue, Plan
from penstock.state.stacks import Definition, StackName
from penstock.store import Store
from penstock.store.exports import list_exports
from penstock.store.parameters import Wanted
from penstock.store.parameters import find as find_parameters

MOST_EXPORTS = 100_000
Values = dict[str, ParameterValue]


class Planned(NamedTuple):
    """A plan, and the template it was made of, after all transforms."""

    plan: Plan
    template: Template


async def make_plan(
    store: Store,
    call: Call,
    name: StackName,
    data: bytes,
    asked: Asked,
    previous: Plan | None = None,
    *,
    reviewed: bool = False,
) -> Planned:
    """What a create, or an update of a stack with a `previous` plan, is to make of a template.

    `reviewed` is for change sets: who executes these has seen what transforms made. Raises AwsError
    as the API answers; what only fails an operation that has begun is the plan's `problem`.
    """
    given = await read_given(data)
    if given.transforms and not reviewed and AUTO_EXPAND not in asked.capabilities:
        raise insufficient(AUTO_EXPAND)
    kept = previous.parameters if previous else {}
    values = parameters_of(given.template, asked.parameters, kept)
    values = await _looked_up(store, call, given.template, values)
    template, processed = await _processed(store, call, given, values)
    check_types(template, asked.types)
    check_capabilities(template.resources, asked.capabilities)
    imports = "ImportValue" in (processed or given.text)
    exports = await _exports(store, name) if imports else {}
    definition, problem = await _defined(name, template, asked, values, exports)
    plan = Plan(
        definition,
        given.text,
        processed,
        values,
        asked.tags,
        asked.capabilities,
        asked.notification_arns,
        template.description,
        asked.role_arn,
        asked.on_failure,
        asked.timeout,
        asked.rollback,
        problem,
    )
    return Planned(plan, template)


async def _processed(
    store: Store, call: Call, given: Given, values: Values
) -> tuple[Template, str]:
    """The template that transforms make, and its text; "" where there are none."""
    if not given.transforms:
        return given.template, ""
    plain = _plain_values(given.template, values)
    body = await transformed(store, call, given.body, plain)
    own = {"Transform": given.body["Transform"]} if "Transform" in given.body else {}
    template = await asyncio.to_thread(template_of, {**body, **own})
    return template, json.dumps(body)


async def _exports(store: Store, name: StackName) -> dict[str, str]:
    found = await list_exports(
        store.database, store.sealer, name.account, name.region, limit=MOST_EXPORTS
    )
    return {export.name: export.value for export in found}


async def _defined(
    name: StackName,
    template: Template,
    asked: Asked,
    values: Values,
    exports: Mapping[str, str],
) -> tuple[Definition, str]:
    """What the stack is to be, or nothing and why it cannot be (TG-120)."""
    scope = Scope(
        name.account,
        name.region,
        name.name,
        name.arn,
        asked.notification_arns,
        _plain_values(template, values),
        exports,
    )
    check_rules(template, scope)
    try:
        return await asyncio.to_thread(make_definition, template, scope, replaced_by), ""
    except MissingExport as error:
        return Definition({}), error.message


def _plain_values(template: Template, values: Values) -> dict[str, Any]:
    """As Ref gives them; transforms may have taken parameters away."""
    return {
        name: value_of(template.parameters[name], value)
        for name, value in values.items()
        if name in template.parameters
    }


async def _looked_up(store: Store, call: Call, template: Template, values: Values) -> Values:
    """`values` with what Parameter Store has by now for those of its types (TG-111)."""
    names = store_names(template, values)
    if not names:
        return values
    rows = await _stored(store, call, list(dict.fromkeys(names.values())))
    secret = [name for name, text in names.items() if text in rows and rows[text].sealed]
    if secret:
        raise invalid(
            f"Parameters [{', '.join(secret)}] referenced by template have types not supported by"
            " CloudFormation."
        )
    return with_stored(template, values, {text: row.value for text, row in rows.items()})


async def _stored(store: Store, call: Call, texts: list[str]) -> dict[str, Any]:
    """The rows of parameters that are there, by what was asked."""
    asked = [_selector(text) for text in texts]
    rows = await find_parameters(store.database, call.account, call.region, asked)
    return {texts[row.place - 1]: row for row in rows}


def _selector(text: str) -> Wanted:
    try:
        return read_selector(text)[0]
    except AwsError as error:
        raise invalid(error.message) from None
