"""Transforms: what makes another template of one (TG-122).

Those inside the template come first, the innermost before what is around it; then the template's
own, in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.decide.stacks.language_extensions import expand
from penstock.documents.templates import Body
from penstock.documents.templates.text import read_text
from penstock.errors import AwsError, not_implemented
from penstock.services.cloudformation.errors import TransformFailed, invalid
from penstock.services.cloudformation.serverless import NAME as SERVERLESS
from penstock.services.cloudformation.serverless import translate
from penstock.services.cloudformation.template_sources import LONGEST_OBJECT, read_object
from penstock.state.calls import Call
from penstock.store import Store

LANGUAGE_EXTENSIONS, INCLUDE = "AWS::LanguageExtensions", "AWS::Include"
_INSIDE = "Fn::Transform"
_DEEPEST = 100


class Transform(NamedTuple):
    name: str
    parameters: Mapping[str, Any]


def declared(body: Body) -> list[Transform]:
    """The template's own, in their order. Raises AwsError."""
    given = body.get("Transform")
    if given is None:
        return []
    return [_transform(one) for one in (given if isinstance(given, list) else [given])]


def inside(value: Any, depth: int = 0) -> Iterator[Transform]:
    """Those that stand somewhere in the template, the innermost first. Raises AwsError."""
    if depth > _DEEPEST:
        raise invalid("Template format error: the template is nested too deeply")
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from inside(one, depth + 1)
            if key == _INSIDE:
                yield _transform(one)
    elif isinstance(value, list):
        for one in value:
            yield from inside(one, depth + 1)


def names_of(body: Body) -> list[str]:
    """Of all transforms there are, as GetTemplateSummary declares them."""
    found = [*declared(body), *inside(_without_transform(body))]
    return list(dict.fromkeys(one.name for one in found))


async def transformed(
    store: Store, call: Call, body: Body, values: Mapping[str, str | list[str]]
) -> dict[str, Any]:
    """What all transforms make of a template, which has some. `values` are the parameters'.

    Raises AwsError: ValidationError "Transform NAME failed with: …", 501 for macros.
    """
    transforming = _Transforming(store, call, values)
    outer = declared(body)
    made = await transforming.within(_without_transform(body))
    for one in outer:
        made = await transforming.whole(one, made)
    return dict(made)


class _Transforming:
    def __init__(self, store: Store, call: Call, values: Mapping[str, str | list[str]]) -> None:
        self._store = store
        self._call = call
        self._values = values

    async def whole(self, one: Transform, body: Body) -> Body:
        if one.name == SERVERLESS:
            plain = {name: _text(value) for name, value in self._values.items()}
            return await asyncio.to_thread(translate, body, plain, self._call.region)
        if one.name == LANGUAGE_EXTENSIONS:
            return self._extended(body)
        if one.name == INCLUDE:
            included = await self._included(one)
            if not isinstance(included, Mapping):
                raise TransformFailed(INCLUDE, "The included text has to be an object")
            return _merged(included, body)
        raise not_implemented(f"transform {one.name}")

    async def within(self, value: Any, depth: int = 0) -> Any:
        """`value` with what its transforms make in their places."""
        if isinstance(value, list):
            return [await self.within(one, depth + 1) for one in value]
        if not isinstance(value, Mapping):
            return value
        made = {key: await self.within(one, depth + 1) for key, one in value.items()}
        if _INSIDE not in made:
            return made
        one = _transform(made.pop(_INSIDE))
        if one.name != INCLUDE:
            raise not_implemented(f"transform {one.name}")
        included = await self._included(one)
        if isinstance(included, Mapping):
            return {**included, **made}
        if made:
            raise TransformFailed(INCLUDE, "The included text has to be an object")
        return included

    def _extended(self, body: Body) -> Body:
        try:
            return expand(body, self._values)
        except AwsError as error:
            if error.message.startswith("Transform "):
                raise
            raise TransformFailed(LANGUAGE_EXTENSIONS, error.message) from None

    async def _included(self, one: Transform) -> Any:
        location = self._location(one)
        bucket, _, key = location.removeprefix("s3://").partition("/")
        if not location.startswith("s3://") or not key:
            raise TransformFailed(INCLUDE, "The location parameter is not a valid S3 uri.")
        try:
            data = await read_object(self._store, self._call, bucket, key, most=LONGEST_OBJECT)
        except AwsError as error:
            raise TransformFailed(INCLUDE, f"{location}: {error.message}") from None
        text, _ = read_text(data, location)
        if text is None:
            raise TransformFailed(
                INCLUDE, "The specified S3 object's content should be valid Yaml/JSON"
            )
        if any(inside(text.body)):
            raise TransformFailed(INCLUDE, "A transform cannot be inside of an included text")
        return text.body

    def _location(self, one: Transform) -> str:
        """Where it is; a parameter may say that, nothing else."""
        location = one.parameters.get("Location")
        if isinstance(location, Mapping) and len(location) == 1:
            [(function, named)] = location.items()
            if function == "Ref" and named in self._values:
                location = self._values[named]
            elif function == "Fn::Sub" and isinstance(named, str):
                location = self._filled(named)
        if not isinstance(location, str):
            raise TransformFailed(INCLUDE, "The location parameter is not a valid S3 uri.")
        return location

    def _filled(self, text: str) -> str:
        own = {"AWS::AccountId": self._call.account, "AWS::Region": self._call.region}
        for name, value in {**own, "AWS::Partition": "aws", **self._values}.items():
            text = text.replace("${" + name + "}", _text(value))
        return text


def _transform(value: Any) -> Transform:
    if isinstance(value, str):
        return Transform(value, {})
    if isinstance(value, Mapping) and isinstance(value.get("Name"), str):
        parameters = value.get("Parameters")
        return Transform(value["Name"], parameters if isinstance(parameters, Mapping) else {})
    raise invalid("Template format error: a transform must be a name, or an object with a Name")


def _without_transform(body: Body) -> Body:
    return {key: value for key, value in body.items() if key != "Transform"}


def _merged(included: Body, body: Body) -> Body:
    """Sections of both, of which the template's own go before."""
    made = dict(included)
    for key, value in body.items():
        other = made.get(key)
        both = isinstance(value, Mapping) and isinstance(other, Mapping)
        made[key] = {**other, **value} if both else value  # type: ignore[dict-item]
    return made


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
