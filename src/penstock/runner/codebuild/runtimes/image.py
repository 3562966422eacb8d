"""A build image's own list of runtimes, `/codebuild/image/config/runtimes.yml` (CB-052).

The file maps runtime -> versions -> commands, which run in the build's shell, so that what they
export stays. It is part of the image: trusted no less, and no more, than the image's programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from penstock.documents.nodes import Mapping as MappingNode
from penstock.documents.nodes import Node, Scalar, Sequence, compose
from penstock.runner.codebuild.runtimes import LATEST, selecting, unknown, version_parts

PATH = "/codebuild/image/config/runtimes.yml"

UNSUPPORTED = (
    "Skipping install of runtimes. Runtime version selection is not supported by this build image"
)
"""The warning where the image has no such file; the build goes on (CB-053)."""

ANY_OTHER = "default"

_VERSION = re.compile(r"\$(?:VERSION\b|\{VERSION\})")
_LITERAL = re.compile(r"[\w.+-]+", re.ASCII)


class Recipe(NamedTuple):
    """How a version is put in place; `requires` names runtimes with the versions it works with."""

    commands: tuple[str, ...]
    requires: tuple[tuple[str, tuple[str, ...]], ...] = ()


Recipes = Mapping[str, Mapping[str, Recipe]]


class ImageSelection(NamedTuple):
    """What to log, and what to run. With an `error` nothing is run: YAML_FILE_ERROR."""

    lines: tuple[str, ...]
    commands: tuple[str, ...] = ()
    error: str = ""


class Unreadable(Exception):
    """The image's file is not what CB-052 describes; the message says where."""


def read(data: bytes) -> Recipes:
    """The recipes in the text of a runtimes.yml. Raises Unreadable."""
    node, found = compose(data, PATH)
    errors = [str(one) for one in found if one.severity == "error"]
    if node is None or errors:
        raise Unreadable("\n".join(errors) or f"{PATH} says nothing")
    runtimes = _children(node).get("runtimes")
    return {
        runtime: {
            version: _recipe(recipe)
            for version, recipe in _children(_children(body).get("versions")).items()
        }
        for runtime, body in _children(runtimes).items()
    }


def select(wanted: Iterable[tuple[str, str]], recipes: Recipes) -> ImageSelection:
    """The commands for each runtime and version wanted, and for those which these require."""
    wanted = tuple(wanted)
    lines = tuple(selecting(runtime, version) for runtime, version in wanted)
    error = unknown((runtime for runtime, _ in wanted), recipes)
    if error:
        return ImageSelection(lines, error=error)
    chosen: dict[str, str] = {}
    for runtime, version in wanted:
        found = _version(version, recipes[runtime])
        if not found:
            return ImageSelection(lines, error=_unknown_version(runtime, version, recipes[runtime]))
        chosen[runtime] = found
    required, error = _required(chosen, recipes)
    commands = [
        command
        for runtime, version in (*required.items(), *chosen.items())
        for command in _commands(version, recipes[runtime])
    ]
    return ImageSelection(lines, () if error else tuple(commands), error)


def _version(wanted: str, recipes: Mapping[str, Recipe]) -> str:
    """The version to put in place: one of the image's, or any other that its default can get."""
    if wanted in recipes:
        return wanted
    stem = "" if wanted == LATEST else wanted.removesuffix(".x")
    if stem != wanted:
        listed = [version for version in recipes if version != ANY_OTHER]
        fits = [one for one in listed if one == stem or one.startswith(f"{stem}." if stem else "")]
        return max(fits, key=version_parts, default="")
    return wanted if ANY_OTHER in recipes and _LITERAL.fullmatch(wanted) else ""


def _commands(version: str, recipes: Mapping[str, Recipe]) -> tuple[str, ...]:
    if version in recipes:
        return recipes[version].commands
    # Put in as text: a shell variable would stay, and builds have a VERSION of their own.
    return tuple(_VERSION.sub(version, command) for command in recipes[ANY_OTHER].commands)


def _required(chosen: Mapping[str, str], recipes: Recipes) -> tuple[dict[str, str], str]:
    """The runtimes to add, and the error where one that is chosen conflicts (CB-051)."""
    added: dict[str, str] = {}
    for runtime, version in chosen.items():
        recipe = recipes[runtime].get(version)
        for name, versions in recipe.requires if recipe else ():
            present = chosen.get(name) or added.get(name)
            if present and present not in versions:
                return {}, (
                    f"Runtime '{runtime}' version '{version}' requires '{name}' version "
                    f"{' or '.join(versions)}, but '{present}' is selected"
                )
            usable = [one for one in versions if one in recipes.get(name, {})]
            if not present and not usable:
                return {}, f"Runtime '{runtime}' requires '{name}', which this build image lacks"
            if not present:
                added[name] = usable[0]
    return added, ""


def _unknown_version(runtime: str, version: str, recipes: Mapping[str, Recipe]) -> str:
    listed = sorted((one for one in recipes if one != ANY_OTHER), key=version_parts)
    return (
        f"Unknown runtime version named '{version}' of {runtime}. "
        f"This build image has the following versions: {', '.join(listed)}"
    )


def _recipe(node: Node) -> Recipe:
    body = _children(node)
    requires = _children(body.get("requires"))
    return Recipe(
        _texts(body.get("commands")),
        tuple((name, _texts(versions)) for name, versions in requires.items()),
    )


def _children(node: Node | None) -> dict[str, Node]:
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return {}
    if not isinstance(node, MappingNode):
        raise Unreadable(f"{PATH}:{node.at.line}:{node.at.column}: a mapping is expected here")
    return {key.value: value for key, value in node.entries}


def _texts(node: Node | None) -> tuple[str, ...]:
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if not isinstance(item, Scalar):
            raise Unreadable(f"{PATH}:{item.at.line}:{item.at.column}: a text is expected here")
    return tuple(item.value for item in items if isinstance(item, Scalar))
