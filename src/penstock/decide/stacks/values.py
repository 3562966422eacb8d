"""From what a template says to values, in two steps that come to the same as one.

`Folding` knows all but resources that are yet to be made: what depends on these is left (Ref,
Fn::GetAtt, and functions around them). `resolve` puts in what they turned out to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.decide.stacks.intrinsics import evaluate
from penstock.decide.stacks.names import NO_VALUE, Budget, Pending, size_of
from penstock.decide.stacks.refusals import MissingExport, invalid, listed
from penstock.decide.stacks.scope import Scope
from penstock.documents.templates import Template

Ref = Callable[[str], Any]
"""The value of Ref for a logical id."""
GetAtt = Callable[[str, str], Any]
"""The value of an attribute ("Arn", "Outputs.Url"), by logical id and attribute."""


def resolve(value: Any, ref: Ref, get_att: GetAtt) -> Any:
    """A value of a Definition, whole. Raises AwsError, and what `ref` and `get_att` raise."""
    return evaluate(value, _Made(ref, get_att))


class _Made:
    """Names of a Definition's values: only resources are left, and these are made."""

    def __init__(self, ref: Ref, get_att: GetAtt) -> None:
        self.ref = ref
        self.get_att = get_att
        self.spend = Budget().spend

    def condition(self, name: str) -> bool:
        raise invalid(f"Template error: unresolved condition dependency {name} in Fn::If")

    def mapping(self, name: str) -> None:
        return None

    def export(self, name: str) -> str:
        raise MissingExport(name)

    def zones(self, region: str) -> list[str]:
        raise invalid("Template error: Fn::GetAZs has not been evaluated")


class Folding:
    """What names stand for before resources are made.

    It remembers what was asked for: `used`, logical ids of `resources`; `unresolved`, those that
    will not be; `imports`, names of exports.
    """

    def __init__(
        self,
        template: Template,
        scope: Scope,
        conditions: Mapping[str, bool],
        resources: frozenset[str],
        budget: Budget | None = None,
    ) -> None:
        self._template = template
        self._scope = scope
        self._conditions = conditions
        self._resources = resources
        self.spend = (budget or Budget()).spend
        self._values = {**scope.pseudo_parameters(), **scope.parameters, "AWS::NoValue": NO_VALUE}
        self.used: set[str] = set()
        self.unresolved: set[str] = set()
        self.imports: dict[str, None] = {}

    def ref(self, name: str) -> Any:
        if name in self._values:
            self.spend(size_of(self._values[name]))
            return self._values[name]
        self._use(name)
        return Pending("Ref", name)

    def get_att(self, logical_id: str, attribute: str) -> Any:
        if logical_id not in self._template.resources:
            what = "instance of Fn::GetAtt references undefined resource"
            raise invalid(f"Template error: {what} {logical_id}")
        self._use(logical_id)
        return Pending("Fn::GetAtt", [logical_id, attribute])

    def _use(self, logical_id: str) -> None:
        (self.used if logical_id in self._resources else self.unresolved).add(logical_id)

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            raise invalid(f"Template error: unresolved condition dependency {name} in Fn::If")
        return self._conditions[name]

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        return self._template.mappings.get(name)

    def export(self, name: str) -> str:
        self.imports[name] = None
        if name not in self._scope.exports:
            raise MissingExport(name)
        return self._scope.exports[name]

    def zones(self, region: str) -> list[str]:
        return self._scope.zones_of(region)

    def refuse_unresolved(self, block: str) -> None:
        if self.unresolved:
            names = listed(sorted(self.unresolved))
            what = f"Template format error: Unresolved resource dependencies {names}"
            raise invalid(f"{what} in the {block} block of the template")
