"""What the rules of templates look at: one template, in one of its worlds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Position
from penstock.documents.templates import Body, Path, Text
from penstock.lint.places import locate
from penstock.lint.templates.evaluation import Evaluated, evaluate
from penstock.lint.templates.symbols import Symbols, reference_of
from penstock.lint.tree import Tree

SERVERLESS = "AWS::Serverless-2016-10-31"


class World:
    """A template's resources where each of its conditions is true or false. Properties are
    evaluated when they are first asked for."""

    def __init__(self, body: Body, truth: Mapping[str, bool], symbols: Symbols) -> None:
        self.truth = truth
        self.symbols = symbols
        self._evaluated: dict[str, Evaluated] = {}
        given = body.get("Resources")
        resources = given if isinstance(given, dict) else {}
        self.resources: dict[str, Mapping[str, Any]] = {
            name: one for name, one in resources.items() if self._is_there(one)
        }

    def _is_there(self, resource: Any) -> bool:
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            return False
        condition = resource.get("Condition")
        return not isinstance(condition, str) or self.truth.get(condition, True)

    def type_of(self, name: str) -> str:
        return str(self.resources[name]["Type"]) if name in self.resources else ""

    def named(self, *types: str) -> Iterator[str]:
        """The logical ids of the resources of these types."""
        return (name for name, one in self.resources.items() if one["Type"] in types)

    def properties(self, name: str) -> Evaluated:
        """Of a resource that is there; an empty mapping where it has none that can be one."""
        if name not in self._evaluated:
            origin = ("Resources", name, "Properties")
            given = self.resources[name].get("Properties")
            found = evaluate(given, origin, self.symbols, self.truth)
            if not isinstance(found.value, dict):
                found = Evaluated({}, {(): origin})
            self._evaluated[name] = found
        return self._evaluated[name]

    def target(self, value: Any) -> tuple[str, str] | None:
        """The resource that a value is a Ref or GetAtt of, and the attribute ("" for Ref)."""
        reference = reference_of(self.symbols.expression(value))
        return reference if reference and reference[0] in self.resources else None

    def by_name(self, value: Any, member: str, *types: str) -> str:
        """The resource a value is about: one it refers to, or one whose `member` says the same."""
        target = self.target(value)
        if target is not None:
            return target[0] if self.type_of(target[0]) in types else ""
        for name in self.named(*types):
            if value is not None and self.properties(name).value.get(member) == value:
                return name
        return ""


class TemplateSubject(NamedTuple):
    file: str
    lines: tuple[str, ...]
    text: Text
    world: World
    tree: Tree

    def place(self, path: Path) -> Position:
        return self.text.places.of(path)

    def place_of_key(self, path: Path) -> Position:
        return self.text.places.keys.get(path) or self.place(path)

    def within(self, path: Path, part: str) -> Position:
        """Where a part of a text stands, in `!Sub` too; the text's own place if it is not there."""
        return within(self.text, self.lines, path, part)


def within(text: Text, lines: tuple[str, ...], path: Path, part: str) -> Position:
    value: Any = text.body
    for step in path:
        value = value[step]
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
        path, value = (*path, "Fn::Sub"), value["Fn::Sub"]
    at = text.places.of(path)
    offset = value.find(part) if isinstance(value, str) else -1
    return at if offset < 0 else locate(lines, value, at, offset)
