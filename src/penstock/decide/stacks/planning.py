"""From a template and its scope to what the stack is to be (TG-115, TG-117, TG-120).

All is evaluated that depends on no resource; what a false condition leaves out is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from penstock.decide.stacks.conditions import conditions_of
from penstock.decide.stacks.intrinsics import evaluate
from penstock.decide.stacks.names import NO_VALUE, Budget, is_scalar, plain, text_of
from penstock.decide.stacks.order import CycleError, order_of
from penstock.decide.stacks.refusals import invalid, listed
from penstock.decide.stacks.scope import Scope
from penstock.decide.stacks.values import Folding
from penstock.documents.templates import Output, Resource, Template
from penstock.state.stacks import Definition, Wanted, WantedOutput

ReplacedBy = Callable[[str], frozenset[str]]
"""The create-only properties of a type of resources."""

_DELETION = ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
_REPLACEMENT = ("Delete", "Retain", "Snapshot")
_EXPORT = re.compile(r"[A-Za-z0-9:-]+")


def make_definition(template: Template, scope: Scope, replaced_by: ReplacedBy) -> Definition:
    """What the stack is to be. Raises AwsError, and MissingExport, which is one too."""
    conditions = conditions_of(template, scope)
    present = frozenset(
        name
        for name, resource in template.resources.items()
        if _holds(resource.condition, conditions, "Resources")
    )
    planning = _Planning(template, scope, conditions, present)
    resources = planning.resources(replaced_by)
    _refuse_circles(resources)
    return Definition(resources, planning.outputs(), tuple(planning.imports))


def _holds(condition: str, conditions: Mapping[str, bool], block: str) -> bool:
    if condition and condition not in conditions:
        what = f"Template format error: Unresolved condition dependency {condition}"
        raise invalid(f"{what} in the {block} block of the template")
    return not condition or conditions[condition]


def _refuse_circles(resources: Mapping[str, Wanted]) -> None:
    try:
        order_of(resources)
    except CycleError as error:
        names = listed(error.names)
        raise invalid(f"Circular dependency between resources: {names}") from None


class _Planning:
    def __init__(
        self,
        template: Template,
        scope: Scope,
        conditions: Mapping[str, bool],
        present: frozenset[str],
    ) -> None:
        self._template = template
        self._scope = scope
        self._conditions = conditions
        self._present = present
        self._budget = Budget()
        self.imports: dict[str, None] = {}

    def resources(self, replaced_by: ReplacedBy) -> dict[str, Wanted]:
        wanted, unresolved = {}, self._folding()
        for name in (name for name in self._template.resources if name in self._present):
            folding = self._folding()
            wanted[name] = self._resource(name, self._template.resources[name], folding)
            unresolved.unresolved |= folding.unresolved
            self.imports |= folding.imports
        unresolved.refuse_unresolved("Resources")
        return {n: one._replace(replaced_by=replaced_by(one.type)) for n, one in wanted.items()}

    def _folding(self) -> Folding:
        template, scope = self._template, self._scope
        return Folding(template, scope, self._conditions, self._present, self._budget)

    def _resource(self, name: str, resource: Resource, folding: Folding) -> Wanted:
        properties = _object(resource.properties, folding)
        for on in resource.depends_on:
            if on in self._present:
                folding.used.add(on)
            elif on not in self._template.resources:
                folding.unresolved.add(on)
        creation = _object(resource.creation_policy, folding)
        update = _object(resource.update_policy, folding)
        metadata = _object(resource.metadata, folding)
        deletion = _policy(name, "DeletionPolicy", resource.deletion_policy, folding)
        replacement = _policy(name, "UpdateReplacePolicy", resource.update_replace_policy, folding)
        return Wanted(
            type=resource.type,
            properties=properties,
            depends_on=tuple(sorted(folding.used)),
            deletion_policy=deletion or _default_policy(resource.type, properties),
            update_replace_policy=replacement or "Delete",
            creation_policy=creation,
            update_policy=update,
            metadata=metadata,
        )

    def outputs(self) -> dict[str, WantedOutput]:
        made, folding = {}, self._folding()
        for name, output in self._template.outputs.items():
            if _holds(output.condition, self._conditions, "Outputs"):
                made[name] = _output(name, output, folding)
        folding.refuse_unresolved("Outputs")
        self.imports |= folding.imports
        _refuse_same_exports(made)
        return made


def _object(value: Mapping[str, Any], folding: Folding) -> dict[str, Any]:
    """Properties, or what else is an object; a Fn::If may choose all of it."""
    found = plain(evaluate(value, folding))
    if found is NO_VALUE:
        return {}
    if not isinstance(found, dict):
        raise invalid("Template format error: Properties must be an object")
    return found


def _policy(name: str, attribute: str, value: Any, folding: Folding) -> str:
    found = evaluate(value, folding)
    if found is NO_VALUE or found == "":
        return ""
    if not isinstance(found, str):
        raise invalid(f"Template format error: Every {attribute} member must be a string.")
    known = _DELETION if attribute == "DeletionPolicy" else _REPLACEMENT
    if found not in known:
        what = f"Template format error: Unrecognized {attribute} {found} for resource {name}"
        raise invalid(what)
    return found


def _default_policy(type_: str, properties: Mapping[str, Any]) -> str:
    """Databases are kept as a snapshot, but for instances of a cluster, which has its own."""
    instance = type_ == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    return "Snapshot" if instance or type_ == "AWS::RDS::DBCluster" else "Delete"


def _output(name: str, output: Output, folding: Folding) -> WantedOutput:
    value = evaluate(output.value, folding)
    export = NO_VALUE if output.export is None else evaluate(output.export, folding)
    if value is NO_VALUE or isinstance(value, list | dict):
        what = "The Value field of every Outputs member must evaluate to a String."
        raise invalid(f"Template format error: Output {name} is malformed. {what}")
    text = text_of(value) if is_scalar(value) else plain(value)
    return WantedOutput(text, output.description, _export(name, export))


def _export(output: str, name: Any) -> str:
    if name is NO_VALUE:
        return ""
    text = text_of(name) if is_scalar(name) else ""
    if not _EXPORT.fullmatch(text):
        what = (
            "The Name field of every Export member must be specified and consist only of"
            " alphanumeric characters, colons, or hyphens."
        )
        raise invalid(f"Template format error: Output {output} is malformed. {what}")
    return text


def _refuse_same_exports(outputs: Mapping[str, WantedOutput]) -> None:
    names = [output.export for output in outputs.values() if output.export]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(f"Template format error: Duplicate export names {listed(twice)}")
