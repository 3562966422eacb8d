"""What a template's parameters are given (TG-111, TG-112)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.decide.java_regex import JavaRegexError, python_regex
from penstock.decide.stacks.names import is_scalar, text_of
from penstock.decide.stacks.refusals import invalid, listed
from penstock.documents.templates import Parameter, Template
from penstock.state.recorded_stacks import ParameterValue

SHOWN_INSTEAD = "****"
_STORED = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_STORE_NAME = "AWS::SSM::Parameter::Name"
_LIST = re.compile(r"CommaDelimitedList|List<.+>")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def parameters_of(
    template: Template,
    given: Mapping[str, str | None],
    previous: Mapping[str, ParameterValue],
) -> dict[str, ParameterValue]:
    """The value of each parameter, in the template's order; None is UsePreviousValue.

    Names in Parameter Store are not looked up yet. Raises AwsError.
    """
    unknown = [name for name in given if name not in template.parameters]
    if unknown:
        raise invalid(f"Parameters: {listed(unknown)} do not exist in the template")
    values = {
        name: _chosen(name, parameter, given, previous)
        for name, parameter in template.parameters.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise invalid(f"Parameters: {listed(missing)} must have values")
    found = {name: value for name, value in values.items() if value is not None}
    for name, value in found.items():
        _check(name, template.parameters[name], value)
    return {
        name: ParameterValue(value, no_echo=template.parameters[name].no_echo)
        for name, value in found.items()
    }


def _chosen(
    name: str,
    parameter: Parameter,
    given: Mapping[str, str | None],
    previous: Mapping[str, ParameterValue],
) -> str | None:
    value = given.get(name)
    if value is not None:
        return value
    if name not in given:
        return None if parameter.default is None else _default(parameter.default)
    if name not in previous:
        raise invalid(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true"
            " for a parameter key not in the previous template"
        )
    return previous[name].given


def _default(value: Any) -> str:
    if not is_scalar(value):
        raise invalid("Template format error: Every Default member must be a string.")
    return text_of(value)


def is_list(type_: str) -> bool:
    """Whether Ref of a parameter of this type gives a list."""
    stored = _STORED.fullmatch(type_)
    return _LIST.fullmatch(stored[1] if stored else type_) is not None


def value_of(parameter: Parameter, value: ParameterValue) -> str | list[str]:
    """What Ref gives for a parameter, as Scope has it."""
    text = value.given if value.resolved is None else value.resolved
    return _items(text) if is_list(parameter.type) else text


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


def store_names(template: Template, parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """Names to look up in Parameter Store, by parameter: of those whose value is there, and of
    those that are such names and must exist."""
    return {
        name: value.given
        for name, value in parameters.items()
        if _is_stored(template.parameters[name].type)
    }


def _is_stored(type_: str) -> bool:
    return type_ == _STORE_NAME or _STORED.fullmatch(type_) is not None


def with_stored(
    template: Template, parameters: Mapping[str, ParameterValue], found: Mapping[str, str]
) -> dict[str, ParameterValue]:
    """The parameters with what Parameter Store had, by name there. Raises AwsError for names that
    it lacks."""
    names = store_names(template, parameters)
    missing = sorted({name for name in names.values() if name not in found})
    if missing:
        where = "from parameter store for this account."
        raise invalid(f"Unable to fetch parameters {listed(missing)} {where}")
    return {
        name: value._replace(resolved=found[names[name]])
        if name in names and template.parameters[name].type != _STORE_NAME
        else value
        for name, value in parameters.items()
    }


def _check(name: str, parameter: Parameter, text: str) -> None:
    """Constraints are of what was given; with a type of Parameter Store, of the name there."""
    stored = _is_stored(parameter.type)
    items = _items(text) if is_list(parameter.type) and not stored else [text]
    numbers = parameter.type in ("Number", "List<Number>")
    for item in items:
        for problem in _problems(parameter.constraints, item, numbers):
            raise invalid(_worded(name, parameter, problem))


def _worded(name: str, parameter: Parameter, problem: str) -> str:
    described = parameter.constraints.get("ConstraintDescription")
    if described:
        return f"Parameter {name} failed to satisfy constraint: {described}"
    return f"Parameter '{name}' {problem}"


def _problems(constraints: Mapping[str, Any], text: str, number: bool) -> Iterator[str]:
    allowed = constraints.get("AllowedValues")
    if allowed is not None and text not in [_default(one) for one in allowed]:
        yield "must be one of AllowedValues"
    if number:
        yield from _number_problems(constraints, text)
        return
    if len(text) < float(constraints.get("MinLength", 0)):
        yield f"must contain at least {constraints['MinLength']} characters"
    if len(text) > float(constraints.get("MaxLength", len(text))):
        yield f"must contain at most {constraints['MaxLength']} characters"
    pattern = constraints.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), text):
        yield f"must match pattern {pattern}"


def _number_problems(constraints: Mapping[str, Any], text: str) -> Iterator[str]:
    if not _NUMBER.fullmatch(text):
        yield "must be a number"
        return
    if float(text) < float(constraints.get("MinValue", text)):
        yield f"must be a number not less than {constraints['MinValue']}"
    if float(text) > float(constraints.get("MaxValue", text)):
        yield f"must be a number not greater than {constraints['MaxValue']}"


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern, of Java's language, is that of the whole text."""
    try:
        return re.fullmatch(python_regex(pattern), text, re.ASCII) is not None
    except (JavaRegexError, re.error) as error:
        raise invalid(f"AllowedPattern {pattern} cannot be used: {error}") from None
