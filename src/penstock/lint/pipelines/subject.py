"""What the rules of pipelines look at: one pipeline of a template or of a declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Position
from penstock.documents.pipelines import Pipeline
from penstock.documents.pipelines.problems import Problem
from penstock.documents.pipelines.reader import read_pipeline
from penstock.documents.pipelines.subject import ActionPlace
from penstock.documents.pipelines.subject import subject_of as places_of
from penstock.documents.templates import Path, Text
from penstock.lint.templates.evaluation import Evaluated
from penstock.lint.templates.subject import World, within
from penstock.lint.templates.symbols import Symbols, is_open
from penstock.lint.tree import Tree

GIT = ("CodeCommit", "CodeStarSourceConnection", "GitHub")
"""Source actions whose artifact is a repository's tree."""


class PipelineSubject(NamedTuple):
    """Paths are those of the API's `declaration`. `world` has the other resources of the template,
    None for a declaration; `name` is the logical id there."""

    file: str
    lines: tuple[str, ...]
    text: Text
    declaration: Evaluated
    pipeline: Pipeline
    actions: tuple[ActionPlace, ...]
    problems: tuple[Problem, ...]
    symbols: Symbols
    tree: Tree
    world: World | None = None
    name: str = ""

    def place(self, *path: str | int) -> Position:
        """Of a value, or of the nearest thing around it."""
        return self.text.places.of(self._origin(path))

    def place_of_key(self, path: Path) -> Position:
        origin = self.declaration.origins.get(path)
        key = self.text.places.keys.get(origin) if origin else None
        return key or self.place(*path)

    def within(self, path: Path, part: str) -> Position:
        return within(self.text, self.lines, self._origin(path), part)

    def _origin(self, path: Path) -> Path:
        while path and path not in self.declaration.origins:
            path = path[:-1]
        return self.declaration.origins.get(path, ())

    def shown(self, text: str) -> str:
        """A user's text in a message, with `${Name}` for what only the stack will know."""
        from penstock.documents.findings import shown

        return shown(self.symbols.shown(text))

    def of_provider(self, *providers: str) -> Iterator[ActionPlace]:
        return (place for place in self.actions if place.action.type.provider in providers)

    def producer(self, artifact: str) -> ActionPlace | None:
        for place in self.actions:
            if artifact in (output.name for output in place.action.outputs):
                return place
        return None

    def is_source(self, artifact: str) -> bool:
        """Whether an artifact is a repository's tree, the only one in the pipeline."""
        sources = list(self.of_provider(*GIT))
        return len(sources) == 1 and self.producer(artifact) == sources[0]


def subject_of(
    file: str,
    lines: tuple[str, ...],
    text: Text,
    declaration: Evaluated,
    symbols: Symbols,
    tree: Tree,
    world: World | None = None,
    name: str = "",
) -> PipelineSubject:
    document: Mapping[str, Any] = declaration.value
    pipeline, problems = read_pipeline(document, {})
    actions = places_of({}, pipeline, {}, "").actions
    sure = tuple(one for one in problems if _is_sure(one, document, pipeline))
    return PipelineSubject(
        file, lines, text, declaration, pipeline, actions, sure, symbols, tree, world, name
    )


def _is_sure(problem: Problem, document: Any, pipeline: Pipeline) -> bool:
    """Whether a problem is there whatever the marks in the document will be."""
    if problem.code == "ValidationException" and is_open(problem.message):
        return False
    value = document
    for step in (*problem.path, None):
        if _has_open_items(value) or (is_open(value) and step is not None):
            return False
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    if any(words in problem.message for words in _OF_OTHERS):
        return not is_open(value) and not _has_open_names(document, pipeline)
    if problem.path[-1:] == ("actionTypeId",) and isinstance(value, dict):
        return not any(map(is_open, value.values()))
    of_value = problem.code == "ValidationException" or problem.path[-1:] == ("NotificationArn",)
    return not (of_value and is_open(value))


_OF_OTHERS = ("Input Artifact Bundle", "a namespace that does not exist")
"""In problems that are none where another action has the right name."""


def _has_open_items(value: Any) -> bool:
    return isinstance(value, list) and any(map(is_open, value))


def _has_open_names(document: Any, pipeline: Pipeline) -> bool:
    """Whether some artifact or namespace may have any name."""
    stages = document.get("stages", ())
    if _has_open_items(stages):
        return True
    for stage in stages:
        actions = stage.get("actions", ()) if isinstance(stage, dict) else ()
        if is_open(actions) or _has_open_items(actions):
            return True
    return any(
        is_open(action.namespace) or any(is_open(one.name) for one in action.outputs)
        for stage in pipeline.stages
        for action in stage.actions
    )
