"""Where a pipeline refers to variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from penstock.documents.pipelines import Rule, Stage
from penstock.documents.pipelines.references import Reference, references
from penstock.documents.pipelines.subject import ActionPlace
from penstock.documents.templates import Path
from penstock.lint.pipelines.subject import PipelineSubject


class Use(NamedTuple):
    """A reference, and the path of the text that it is in."""

    reference: Reference
    path: Path


def uses(subject: PipelineSubject) -> Iterator[Use]:
    """Every `#{namespace.key}` of actions and of rules."""
    for path, text in _texts(subject):
        for reference in references(text):
            yield Use(reference, path)


def _texts(subject: PipelineSubject) -> Iterator[tuple[Path, str]]:
    for place in subject.actions:
        yield from _of_action(place)
    for i, stage in enumerate(subject.pipeline.stages):
        for path, rule in _rules(("stages", i), stage):
            for key, text in rule.configuration.items():
                yield (*path, "configuration", key), text


def _of_action(place: ActionPlace) -> Iterator[tuple[Path, str]]:
    for key, text in place.action.configuration.items():
        yield (*place.path, "configuration", key), text
    for i, variable in enumerate(place.action.environment):
        yield (*place.path, "environmentVariables", i, "value"), variable.value


def _rules(path: Path, stage: Stage) -> Iterator[tuple[Path, Rule]]:
    for kind, condition in (
        ("beforeEntry", stage.before_entry),
        ("onSuccess", stage.on_success),
        ("onFailure", stage.on_failure and stage.on_failure.condition),
    ):
        for i, rule in enumerate(condition.rules if condition else ()):
            yield (*path, kind, "conditions", 0, "rules", i), rule
