"""Templates of few words."""

from __future__ import annotations

from typing import Any

from penstock.decide.stacks.planning import make_definition
from penstock.decide.stacks.scope import Scope
from penstock.documents.templates import NOTHING, Output, Parameter, Resource, Template
from penstock.state.stacks import Definition

SCOPE = Scope(
    account="123456789012",
    region="eu-west-1",
    stack_name="shop",
    stack_id="arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
    notification_arns=("arn:aws:sns:eu-west-1:123456789012:told",),
    parameters={"Env": "prod", "Names": ["a", "b"], "Port": "80"},
    exports={"network-vpc": "vpc-1"},
)


def a_template(
    resources: dict[str, Resource | dict[str, Any]] | None = None, **parts: Any
) -> Template:
    """Resources that are objects are the properties of one of the type AWS::S3::Bucket."""
    made = {
        name: one if isinstance(one, Resource) else Resource("AWS::S3::Bucket", one)
        for name, one in (resources or {}).items()
    }
    parameters = {
        "Env": Parameter("String"),
        "Names": Parameter("CommaDelimitedList"),
        "Port": Parameter("Number"),
    }
    empty = Template(parameters, NOTHING, NOTHING, NOTHING, made, NOTHING)
    return empty._replace(**parts)


def planned(
    template: Template, scope: Scope = SCOPE, replaced_by: frozenset[str] = frozenset()
) -> Definition:
    return make_definition(template, scope, lambda _type: replaced_by)


def property_of(value: Any, **parts: Any) -> Any:
    """What a property with this value is to be, beside the resources Bucket and Role."""
    template = a_template({"It": {"P": value}, "Bucket": {}, "Role": {}}, **parts)
    return planned(template).resources["It"].properties.get("P")


def an_output(value: Any, **more: Any) -> Output:
    return Output(value, **more)
