"""The CodeBuild project behind an action, and its buildspec, where template and tree have them."""

from __future__ import annotations

import re
from typing import NamedTuple

from penstock.documents.buildspec import Buildspec
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.pipelines.subject import ActionPlace
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.templates.subject import World
from penstock.lint.templates.symbols import is_open, without_marks

PROJECT = "AWS::CodeBuild::Project"
_DEFAULT = "buildspec.yml"
_OVERRIDING = frozenset(("BatchEnabled", "BuildspecOverride"))
_INLINE = re.compile(r"\n|\A\s*\{|\A\s*version\s*:")


class Source(NamedTuple):
    """Of a project: `text` is the buildspec written into it, `path` where it is in the source; both
    are "" where neither is known. `given` is false where the path is the default."""

    text: str = ""
    path: str = ""
    given: bool = True


class Build(NamedTuple):
    """`name` is how a message calls the buildspec."""

    name: str
    buildspec: Buildspec


def source_of(world: World, project: str) -> Source:
    """BuildSpec of a project of the template."""
    source = world.properties(project).value.get("Source")
    if not isinstance(source, dict):
        return Source()
    given = source.get("BuildSpec", "")
    if not isinstance(given, str):
        return Source()
    if _INLINE.search(given):
        return Source(text=given)
    if is_open(given) or given.startswith("arn:"):
        return Source()
    if not given and source.get("Type") == "NO_SOURCE":
        return Source()
    return Source(path=given or _DEFAULT, given=bool(given))


def project_of(subject: PipelineSubject, place: ActionPlace) -> str:
    """The logical id of the project that a CodeBuild action builds with, or ""."""
    name = place.action.configuration.get("ProjectName")
    return subject.world.by_name(name, "Name", PROJECT) if subject.world else ""


def primary_input(place: ActionPlace) -> str:
    inputs = place.action.inputs
    chosen = place.action.configuration.get("PrimarySource", "")
    if len(inputs) == 1:
        return inputs[0]
    return chosen if chosen in inputs else ""


def build_of(subject: PipelineSubject, place: ActionPlace) -> Build | None:
    """The buildspec of a CodeBuild action: the project's own, or the source tree's."""
    project = project_of(subject, place)
    if not project or subject.world is None or _OVERRIDING & set(place.action.configuration):
        return None
    source = source_of(subject.world, project)
    if source.text:
        data: bytes | None = without_marks(source.text, "x").encode()
        name = f"the buildspec of {project}"
    elif source.path and subject.is_source(primary_input(place)):
        data, name = subject.tree.read(source.path), source.path
    else:
        return None
    buildspec = read_buildspec(data, name)[0] if data else None
    return Build(name, buildspec) if buildspec else None
