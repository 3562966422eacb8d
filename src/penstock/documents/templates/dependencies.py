"""What a template's values name, against what there is (TG-113, TG-115, TG-117)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.templates import Body, Path, Resource, Template
from penstock.documents.templates.graph import in_circles
from penstock.documents.templates.problems import Problems, shown
from penstock.documents.templates.references import (
    Reference,
    conditions_in,
    functions_in,
    references,
)

PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName",
        "URLSuffix",
    )
)  # fmt: skip

_VALUES = (
    ("Properties", "properties"),
    ("CreationPolicy", "creation_policy"),
    ("UpdatePolicy", "update_policy"),
    ("Metadata", "metadata"),
    ("DeletionPolicy", "deletion_policy"),
    ("UpdateReplacePolicy", "update_replace_policy"),
)


class Names(NamedTuple):
    """What a template has, be it readable or not."""

    parameters: Collection[str]
    mappings: Collection[str]
    conditions: Collection[str]
    resources: Collection[str]


def names_in(body: Body) -> Names:
    sections = (body.get(name) for name in ("Parameters", "Mappings", "Conditions", "Resources"))
    parameters, mappings, conditions, resources = (
        set(one) if isinstance(one, dict) else set() for one in sections
    )
    return Names(parameters | PSEUDO, mappings, conditions, resources)


def check_dependencies(template: Template, names: Names, problems: Problems) -> None:
    """Every name in Conditions, Resources and Outputs is one, and no resource waits for itself."""
    _check_conditions(template.conditions, names, problems)
    resources = _Block("Resources", names, problems)
    for name, resource in template.resources.items():
        resources.check_member(name, resource.condition)
        for key, field in _VALUES:
            resources.check(getattr(resource, field), ("Resources", name, key))
        for one in resource.depends_on:
            if one not in names.resources:
                resources.missing.append((("Resources", name, "DependsOn"), one))
    resources.say_missing()
    outputs = _Block("Outputs", names, problems)
    for name, output in template.outputs.items():
        outputs.check_member(name, output.condition)
        outputs.check(output.value, ("Outputs", name, "Value"))
        outputs.check(output.export, ("Outputs", name, "Export", "Name"))
    outputs.say_missing()
    _check_circles(template.resources, problems)


def references_of(resource: Resource) -> Iterator[Reference]:
    """Those in a resource's values; the paths begin in the resource."""
    for key, field in _VALUES:
        yield from references(getattr(resource, field), (key,))


class _Block:
    """A section whose values are being looked through. `missing` are names that nothing has."""

    def __init__(self, name: str, names: Names, problems: Problems) -> None:
        self._name = name
        self._names = names
        self._problems = problems
        self.missing: list[tuple[Path, str]] = []

    def check(self, value: Any, path: Path) -> None:
        for reference in references(value, path):
            self._check_reference(reference)
        for where, name in conditions_in(value, path):
            self._check_condition(name, where)
        self._check_functions(value, path)

    def check_member(self, name: str, condition: str) -> None:
        if condition:
            self._check_condition(condition, (self._name, name, "Condition"))

    def say_missing(self) -> None:
        """The first place names all, as CloudFormation does; the other names are said at theirs."""
        first: dict[str, Path] = {}
        for path, name in self.missing:
            first.setdefault(name, path)
        for index, (name, path) in enumerate(first.items()):
            names = ", ".join(map(shown, first if index == 0 else (name,)))
            message = f"Unresolved resource dependencies [{names}] in the {self._name} block"
            self._problems.format(path, f"{message} of the template")

    def _check_reference(self, reference: Reference) -> None:
        path, kind, name, attribute, _ = reference
        if name in self._names.resources:
            return
        if kind == "Ref" or (kind == "Fn::Sub" and not attribute):
            if name not in self._names.parameters:
                self.missing.append((path, name))
            return
        what = f"references undefined resource {shown(name)}"
        if kind == "Fn::Sub":
            what = f"references invalid resource attribute {shown(name)}.{shown(attribute)}"
        self._problems.error(path, f"instance of {kind} {what}")

    def _check_condition(self, name: str, path: Path) -> None:
        if name not in self._names.conditions:
            message = f"Unresolved condition dependency {shown(name)} in the {self._name} block"
            self._problems.format(path, f"{message} of the template")

    def _check_functions(self, value: Any, path: Path) -> None:
        """Names that have to be known before any resource is."""
        for where, key, argument in functions_in(value, path, _EARLY):
            if key == "Fn::FindInMap":
                _check_mapping(argument, where, self._names, self._problems)
            elif _depends(argument, self._names):
                message = "the attribute in Fn::ImportValue must not depend on any resources"
                self._problems.error(where, f"{message}, imported values, or Fn::GetAZs")


_EARLY = frozenset(("Fn::ImportValue", "Fn::FindInMap"))
_LATE = frozenset(("Fn::ImportValue", "Fn::GetAZs", "Fn::GetAtt"))


def _check_mapping(argument: Any, path: Path, names: Names, problems: Problems) -> None:
    if not (isinstance(argument, list) and argument and isinstance(argument[0], str)):
        return
    with_default = len(argument) > 3
    if argument[0] not in names.mappings and not with_default:
        message = f"Mapping named '{shown(argument[0])}' is not present in the 'Mappings' section"
        problems.error((*path, 0), f"{message} of template.")


def _depends(argument: Any, names: Names) -> bool:
    return any(one.name in names.resources for one in references(argument)) or any(
        True for _ in functions_in(argument, (), _LATE)
    )


def _check_conditions(conditions: Mapping[str, Any], names: Names, problems: Problems) -> None:
    """Conditions see parameters, mappings and each other."""
    for name, condition in conditions.items():
        for reference in references(condition, ("Conditions", name)):
            if reference.kind == "Fn::GetAtt" or reference.name not in names.parameters:
                message = f"Unresolved dependencies [{shown(reference.name)}]. Cannot reference"
                problems.format(
                    reference.path, f"{message} resources in the Conditions block of the template"
                )
        for where, key, argument in functions_in(condition, ("Conditions", name), _EARLY):
            if key == "Fn::FindInMap":
                _check_mapping(argument, where, names, problems)
            else:
                problems.error(where, "Cannot use Fn::ImportValue in Conditions.")


def _check_circles(resources: Mapping[str, Resource], problems: Problems) -> None:
    """Circles that no parameter opens: conditions could take out what has one or is in a Fn::If."""
    needs = {
        name: {
            *resource.depends_on,
            *(one.name for one in references_of(resource) if one.sure),
        }
        for name, resource in resources.items()
        if not resource.condition
    }
    circles = in_circles(needs)
    if circles:
        message = f"Circular dependency between resources: [{', '.join(sorted(circles))}]"
        problems.add(("Resources", circles[0]), message)
