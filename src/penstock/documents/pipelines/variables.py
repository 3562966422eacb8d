"""Variables: what is declared, which namespaces there are, who refers to what (CP-090…095)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from penstock.documents.model_shapes import Path
from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.references import Reference, references
from penstock.documents.pipelines.structure import repeated
from penstock.documents.pipelines.subject import ActionPlace, ConditionPlace, Subject

PIPELINE_KEYS = ("PipelineExecutionId",)
"""The keys of the namespace `codepipeline` (CP-094)."""

RESERVED = ("codepipeline", "variables")
_FORMAT = (
    "Valid format for a pipeline execution variable reference is a namespace and a key separated by"
    " a period (.). The following pipeline execution variables are referencing a namespace that"
    " does not exist."
)
_LAST = 1 << 30  # above any runOrder
Order = tuple[int, int]


class User(NamedTuple):
    """A text that may refer to variables; `key` is what an error calls its place."""

    stage: str
    name: str
    key: str
    text: str
    order: Order
    path: Path
    of_source: bool


def check_variables(subject: Subject, problems: Problems) -> None:
    declared = [variable.name for variable in subject.pipeline.variables]
    for i, name in repeated(declared):
        problems.structure(
            ("variables", i, "name"),
            "Variable names must be unique. The following variable name is already in use:"
            f" {shown(name)}",
        )
    namespaces = _namespaces(subject, problems)
    known = frozenset(declared)
    for user in _users(subject):
        for reference in references(user.text):
            _check(reference, user, namespaces, known, problems)


def _namespaces(subject: Subject, problems: Problems) -> dict[str, Order]:
    """When each is filled. CP-092"""
    artifacts = {output.name for place in subject.actions for output in place.action.outputs}
    found: dict[str, Order] = {}
    for place in subject.actions:
        name = place.action.namespace
        if not name:
            continue
        path = (*place.path, "namespace")
        if name in RESERVED:
            problems.action(
                path, f"Namespace {name} in action {shown(place.action.name)} is reserved"
            )
        elif name in found or name in artifacts:
            problems.action(
                path,
                "Namespaces must be unique across the pipeline definition and cannot conflict with"
                f" any artifact names. The following namespace is already in use: {shown(name)}",
            )
        found.setdefault(name, place.order)
    return found


def _users(subject: Subject) -> Iterator[User]:
    for place in subject.actions:
        for key, text, path in _texts_of_action(place):
            source = place.action.type.category == "Source"
            yield User(place.stage.name, place.action.name, key, text, place.order, path, source)
    for condition in subject.conditions:
        yield from _users_in_condition(condition)


def _texts_of_action(place: ActionPlace) -> Iterator[tuple[str, str, Path]]:
    for key, text in place.action.configuration.items():
        yield key, text, (*place.path, "configuration", key)
    for i, variable in enumerate(place.action.environment):
        yield variable.name, variable.value, (*place.path, "environmentVariables", i, "value")


def _users_in_condition(place: ConditionPlace) -> Iterator[User]:
    """CP-091: the actions of the stage itself have ended before onSuccess and onFailure."""
    order = (place.number, 0 if place.kind == "beforeEntry" else _LAST)
    for i, rule in enumerate(place.condition.rules):
        for key, text in rule.configuration.items():
            path = (*place.path, "rules", i, "configuration", key)
            yield User(place.stage.name, rule.name, key, text, order, path, False)


def _check(
    reference: Reference,
    user: User,
    namespaces: Mapping[str, Order],
    declared: frozenset[str],
    problems: Problems,
) -> None:
    if reference.namespace == "codepipeline":
        if reference.key not in PIPELINE_KEYS:
            problems.structure(user.path, _undeclared(user, reference))
    elif reference.namespace == "variables":
        _check_declared(reference, user, declared, problems)
    elif reference.namespace not in namespaces:
        problems.action(user.path, f"{_FORMAT}\n{_where(user, reference)}")
    elif namespaces[reference.namespace] >= user.order:
        problems.action(
            user.path,
            "The following pipeline execution variables are referencing the namespace of an action"
            f" that does not run before.\n{_where(user, reference)}",
        )


def _check_declared(
    reference: Reference, user: User, declared: frozenset[str], problems: Problems
) -> None:
    """CP-095"""
    if not declared:
        problems.action(user.path, f"{_FORMAT}\n{_where(user, reference)}")
    elif user.of_source:
        problems.structure(
            user.path,
            "Variables at the pipeline level cannot be used in source actions."
            f"\n{_where(user, reference)}",
        )
    elif reference.key not in declared:
        problems.structure(user.path, _undeclared(user, reference))


def _undeclared(user: User, reference: Reference) -> str:
    return f"The referenced variables haven't been declared.\n{_where(user, reference)}"


def _where(user: User, reference: Reference) -> str:
    return (
        f"StageName=[{shown(user.stage)}], ActionName=[{shown(user.name)}],"
        f" ActionConfigurationKey=[{shown(user.key)}],"
        f" VariableReferenceText=[{shown(reference.text)}]"
    )
