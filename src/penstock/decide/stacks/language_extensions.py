"""The transform AWS::LanguageExtensions: loops are written out, and functions that say what Ref and
Fn::GetAtt refer to become names (TG-114).

Its other functions of values, Fn::Length, Fn::ToJsonString and the default of Fn::FindInMap, are
evaluated with all others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.intrinsics import evaluate
from penstock.decide.stacks.names import Budget, is_pending, is_scalar, size_of, text_of
from penstock.decide.stacks.refusals import invalid
from penstock.decide.stacks.scope import Scope
from penstock.decide.stacks.values import Folding
from penstock.documents.templates import NOTHING, Body, Template

NAME = "AWS::LanguageExtensions"
MOST = 10_000
"""Rounds that all loops of a template may make together."""
_LOOP = "Fn::ForEach::"
_REFERENCES = {"Ref", "Fn::GetAtt"}
_SECTIONS = ("Conditions", "Resources", "Outputs")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")


def expand(body: Body, parameters: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The body without loops. `parameters` are as Ref gives them. Raises AwsError."""
    expanding = _Expanding(body, parameters)
    return {key: expanding.of(value) if key in _SECTIONS else value for key, value in body.items()}


class _Expanding:
    def __init__(self, body: Body, parameters: Mapping[str, str | list[str]]) -> None:
        mappings = body.get("Mappings", NOTHING)
        template = Template(NOTHING, mappings, NOTHING, NOTHING, NOTHING, NOTHING)
        region = parameters.get("AWS::Region", "")
        scope = Scope("", str(region), "", "", parameters=parameters)
        self._budget = Budget()
        self._names = Folding(template, scope, NOTHING, frozenset(), self._budget)
        self._rounds = 0

    def of(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self.of(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1 and (reference := value.keys() & _REFERENCES):
            name = reference.pop()
            return {name: self._referred(value[name])}
        made: dict[str, Any] = {}
        for key, one in value.items():
            looped = isinstance(key, str) and key.startswith(_LOOP)
            found = self._loop(key, one) if looped else {key: self.of(one)}
            twice = next((name for name in found if name in made), None)
            if twice is not None:
                raise _failed(f"{twice} is there more than once")
            made |= found
        return made

    def _referred(self, argument: Any) -> Any:
        """What a reference is to, as a text or a list of texts where functions say it."""
        if isinstance(argument, list | tuple):
            return [self._referred(one) for one in argument]
        if not isinstance(argument, Mapping):
            return argument
        found = evaluate(argument, self._names)
        return text_of(found) if is_scalar(found) else argument

    def _loop(self, name: str, loop: Any) -> dict[str, Any]:
        if not (isinstance(loop, list | tuple) and len(loop) == 3):
            raise _failed(f"{name} must have an identifier, a collection and an object")
        identifier, collection, fragment = loop
        if not isinstance(identifier, str) or not isinstance(fragment, Mapping):
            raise _failed(f"{name} must have an identifier, a collection and an object")
        made: dict[str, Any] = {}
        size, places = size_of(fragment), str(fragment).count(identifier)
        for item in self._items(name, collection):
            self._budget.spend(size + places * len(item))
            found = self.of(_put_in(fragment, identifier, item))
            twice = next((key for key in found if key in made), None)
            if twice is not None:
                raise _failed(f"{name} makes {twice} more than once")
            made |= found
        return made

    def _items(self, name: str, collection: Any) -> list[str]:
        items = evaluate(collection, self._names)
        if is_pending(items) or not isinstance(items, list) or not all(map(is_scalar, items)):
            raise _failed(f"the collection of {name} must be a list of strings")
        self._rounds += len(items)
        if self._rounds > MOST:
            raise _failed(f"its loops have more than {MOST} rounds")
        return [text_of(item) for item in items]


def _put_in(value: Any, identifier: str, item: str) -> Any:
    """The value for one item of a loop's collection: `${X}`, `&{X}` and Ref of the identifier."""
    if isinstance(value, str):
        bare = _NOT_ALPHANUMERIC.sub("", item)
        return value.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", bare)
    if isinstance(value, list | tuple):
        return [_put_in(one, identifier, item) for one in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and value.get("Ref") == identifier:
        return item
    return {
        _put_in(key, identifier, item): _put_in(one, identifier, item) for key, one in value.items()
    }


def _failed(why: str) -> Exception:
    return invalid(f"Transform {NAME} failed with: {why}")
