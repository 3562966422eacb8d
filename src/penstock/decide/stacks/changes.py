"""What an update would do to a stack's resources (TG-108, TG-110)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from penstock.decide.stacks.conditions import comparable
from penstock.decide.stacks.engine.differences import NESTED
from penstock.decide.stacks.names import is_scalar, text_of
from penstock.decide.stacks.order import order_of
from penstock.decide.stacks.refusals import invalid, listed
from penstock.decide.stacks.values import resolve
from penstock.documents.resource_schemas import schema_of
from penstock.documents.templates import Template
from penstock.documents.templates.references import Reference, references
from penstock.errors import AwsError
from penstock.state.stacks import NOTHING, Definition, ResourceState, Wanted

KNOWN_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_ATTRIBUTES = {
    "Metadata": "metadata",
    "CreationPolicy": "creation_policy",
    "UpdatePolicy": "update_policy",
    "DeletionPolicy": "deletion_policy",
    "UpdateReplacePolicy": "update_replace_policy",
}
"""Those of a resource that are no properties, and the members of Wanted that have them."""
_MISSING = object()
_AUTOMATIC = {"Attribute": "Properties", "RequiresRecreation": "Never"}
"""Of a nested stack that nothing says anything else of: its template may be another by then."""


class Change(NamedTuple):
    """What ResourceChange of DescribeChangeSet shows.

    `action` is Add, Modify or Remove; `replacement` and `policy_action` are "" where they say
    nothing. `details` are as the API has them, with values; a call that has not asked for these
    leaves out Path, BeforeValue, AfterValue and AttributeChangeType of their Target.
    """

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    scope: tuple[str, ...] = ()
    details: tuple[Mapping[str, Any], ...] = ()
    policy_action: str = ""


class Causes(NamedTuple):
    """What the details of changes name as their cause: parameters of the new template whose values
    are others than before."""

    template: Template
    parameters: frozenset[str]


def is_same(old: Definition, new: Definition) -> bool:
    """Whether an update has nothing to do. What a resource waits for is no part of it."""
    return bool(_essence(old) == _essence(new))


def retagged(
    new: Definition, before: Mapping[str, str], after: Mapping[str, str]
) -> frozenset[str]:
    """The resources that get other tags where the stack's are these before and after."""
    if before == after:
        return frozenset()
    schemas = {name: schema_of(one.type) for name, one in new.resources.items()}
    return frozenset(
        name for name, schema in schemas.items() if schema and "Tags" in schema.properties
    )


def refuse_other_types(old: Definition, new: Definition) -> None:
    """Raises AwsError for resources that are to be of another type."""
    both = [name for name in new.resources if name in old.resources]
    wrong = [name for name in both if new.resources[name].type != old.resources[name].type]
    if wrong:
        what = "The new template modifies resource type of the following resources:"
        raise invalid(f"Update of resource type is not permitted. {what} {listed(wrong)}")


def changes_of(
    old: Definition | None,
    resources: Mapping[str, ResourceState],
    new: Definition,
    causes: Causes | None = None,
    retagged: Collection[str] = (),
) -> tuple[Change, ...]:
    """In the order of the new template, and then what is removed. `old` is None for a new stack;
    `retagged` are the resources that get other tags as the stack does."""
    before = old.resources if old else NOTHING
    comparing = _Comparing(before, resources, new, causes, retagged)
    found = {
        name: change
        for level in order_of(new.resources)
        for name in level
        if (change := comparing.change_of(name))
    }
    removed = (
        Change(
            "Remove",
            name,
            wanted.type,
            comparing.physical_id(name),
            policy_action=_kept(wanted.deletion_policy),
        )
        for name, wanted in before.items()
        if name not in new.resources
    )
    return (*(found[name] for name in new.resources if name in found), *removed)


def _essence(definition: Definition) -> Any:
    resources = {
        name: (one.type, comparable(one.properties), *map(comparable, _others(one).values()))
        for name, one in definition.resources.items()
    }
    return resources, {n: (comparable(o.value), *o[1:]) for n, o in definition.outputs.items()}


def _others(wanted: Wanted) -> dict[str, Any]:
    return {attribute: getattr(wanted, member) for attribute, member in _ATTRIBUTES.items()}


def _kept(policy: str) -> str:
    return "Retain" if policy.startswith("Retain") else policy


class _Comparing:
    """`_replaced` are those of the new resources, so far as compared, that get another id."""

    def __init__(
        self,
        before: Mapping[str, Wanted],
        states: Mapping[str, ResourceState],
        new: Definition,
        causes: Causes | None,
        retagged: Collection[str],
    ) -> None:
        self._before = before
        self._states = states
        self._after = new.resources
        self._causes = causes
        self._retagged = retagged
        self._replaced: set[str] = set()

    def physical_id(self, name: str) -> str:
        return self._states[name].physical_id if name in self._states else ""

    def change_of(self, name: str) -> Change | None:
        """Those that the resource depends on have been compared before."""
        after = self._after[name]
        if name not in self._before:
            self._replaced.add(name)
            return Change("Add", name, after.type)
        details = [*self._properties(name), *self._attributes(name)]
        if name in self._retagged and not any(_is_of_tags(one) for one in details):
            details.append(_detail(_target("Tags", "Never")))
        if not details and after.type == NESTED:
            details = [_detail(_AUTOMATIC, "Dynamic", "Automatic")]
        if not details:
            return None
        replacement = _replacement(details)
        if replacement != "False":
            self._replaced.add(name)
        policy = f"ReplaceAnd{_kept(after.update_replace_policy)}"
        return Change(
            "Modify",
            name,
            after.type,
            self.physical_id(name),
            replacement,
            tuple(dict.fromkeys(detail["Target"]["Attribute"] for detail in details)),
            tuple(details),
            "" if replacement == "False" else policy,
        )

    def _attributes(self, name: str) -> Iterator[dict[str, Any]]:
        before, after = _others(self._before[name]), _others(self._after[name])
        for attribute in _ATTRIBUTES:
            one, other = before[attribute], after[attribute]
            if comparable(one) != comparable(other):
                values = self._values(f"/{attribute}", one or _MISSING, other or _MISSING)
                yield _detail({"Attribute": attribute, "RequiresRecreation": "Never"} | values)

    def _properties(self, name: str) -> Iterator[dict[str, Any]]:
        before, after = self._before[name].properties, self._after[name].properties
        for key in dict.fromkeys((*after, *before)):
            one, other = before.get(key, _MISSING), after.get(key, _MISSING)
            if comparable(one) != comparable(other):
                yield from self._modified(name, key, one, other)
            elif other is not _MISSING:
                yield from self._referring(name, key, other)

    def _modified(self, name: str, key: str, one: Any, other: Any) -> Iterator[dict[str, Any]]:
        shown = self._states[name].properties.get(key, one) if name in self._states else one
        if one is _MISSING:
            shown = _MISSING
        recreation = _recreation(self._after[name].replaced_by, key, one, other)
        values = self._values(f"/Properties/{key}", shown, other)
        target = _target(key, recreation) | values
        parameters = self._parameters(name, key)
        for parameter in parameters:
            yield _detail(target, "Static", "ParameterReference", parameter)
        yield _detail(target, "Dynamic" if parameters else "Static")
        if other is not _MISSING:
            yield from self._referring(name, key, other)

    def _parameters(self, name: str, key: str) -> list[str]:
        """The changed parameters that a property refers to."""
        if self._causes is None:
            return []
        template, changed = self._causes
        value = template.resources[name].properties.get(key)
        return sorted({found.name for found in references(value)} & changed)

    def _referring(self, name: str, key: str, value: Any) -> Iterator[dict[str, Any]]:
        """Details of what changes as the resources change that the property refers to."""
        renewed = self._replaced & self._before.keys()
        found = [one for one in references(value) if one.name in renewed]
        for reference in dict.fromkeys(one._replace(path=()) for one in found):
            recreation = _dynamic_recreation(self._after[name].replaced_by, key, value, reference)
            values = self._values(f"/Properties/{key}", value, value)
            yield _detail(_target(key, recreation) | values, "Dynamic", *_cause(reference))

    def _values(self, path: str, one: Any, other: Any) -> dict[str, Any]:
        if one is _MISSING:
            return {"Path": path, "AfterValue": self._later(other), "AttributeChangeType": "Add"}
        if other is _MISSING:
            return {"Path": path, "BeforeValue": self._now(one), "AttributeChangeType": "Remove"}
        return {
            "Path": path,
            "BeforeValue": self._now(one),
            "AfterValue": self._later(other),
            "AttributeChangeType": "Modify",
        }

    def _now(self, value: Any) -> str:
        return _written(value, self._states)

    def _later(self, value: Any) -> str:
        kept = {n: one for n, one in self._states.items() if n not in self._replaced}
        return _written(value, kept)


def _written(value: Any, states: Mapping[str, ResourceState]) -> str:
    """A value as text, with what is known of the resources it refers to."""

    def ref(name: str) -> Any:
        return states[name].physical_id if name in states else KNOWN_LATER

    def get_att(name: str, attribute: str) -> Any:
        return (
            states[name].attributes.get(attribute, KNOWN_LATER) if name in states else KNOWN_LATER
        )

    try:
        found = resolve(value, ref, get_att)
    except AwsError:
        return KNOWN_LATER  # a function of a list that is not known yet
    return text_of(found) if is_scalar(found) else json.dumps(found, separators=(",", ":"))


def _detail(
    target: Mapping[str, Any],
    evaluation: str = "Static",
    source: str = "DirectModification",
    cause: str = "",
) -> dict[str, Any]:
    detail = {"Target": dict(target), "Evaluation": evaluation, "ChangeSource": source}
    return {**detail, "CausingEntity": cause} if cause else detail


def _target(key: str, recreation: str) -> dict[str, Any]:
    if key == "Tags":
        return {"Attribute": "Tags", "RequiresRecreation": recreation}
    return {"Attribute": "Properties", "Name": key, "RequiresRecreation": recreation}


def _is_of_tags(detail: Mapping[str, Any]) -> bool:
    return bool(detail["Target"]["Attribute"] == "Tags")


def _cause(reference: Reference) -> tuple[str, str]:
    if reference.attribute:
        return "ResourceAttribute", f"{reference.name}.{reference.attribute}"
    return "ResourceReference", reference.name


def _replacement(details: list[dict[str, Any]]) -> str:
    always = [one for one in details if one["Target"]["RequiresRecreation"] == "Always"]
    if not always:
        return "False"
    return "True" if any(one["Evaluation"] == "Static" for one in always) else "Conditional"


def _recreation(replaced_by: frozenset[str], key: str, one: Any, other: Any) -> str:
    """Whether the change of a property makes a new resource: all of it, or a part within."""
    for path in _paths(replaced_by, key):
        if [comparable(v) for v in _at(one, path)] != [comparable(v) for v in _at(other, path)]:
            return "Always"
    return "Never"


def _dynamic_recreation(
    replaced_by: frozenset[str], key: str, value: Any, reference: Reference
) -> str:
    for path in _paths(replaced_by, key):
        found = references(list(_at(value, path)))
        if any(one._replace(path=()) == reference for one in found):
            return "Always"
    return "Never"


def _paths(replaced_by: frozenset[str], key: str) -> Iterator[list[str]]:
    """What follows the key in the create-only properties that begin with it."""
    for path in replaced_by:
        first, *rest = path.split("/")
        if first == key:
            yield rest


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What is at a path; `*` is each item of a list, and lists need not be named."""
    if not path:
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _at(one, path[1:] if path[0] == "*" else path)
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
