"""A member that pipelines do not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.model_shapes import Path, shapes_of
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule


@rule(
    id="unknown-member",
    severity=Severity.ERROR,
    summary="A member that pipelines, stages, actions or what is in them do not have.",
    bad=but(DECLARATION, ("inputArtifacts: [{name: tree}]", "inputArtifact: [{name: tree}]")),
    good=DECLARATION,
)
def unknown_member(subject: PipelineSubject) -> Iterator[Finding]:
    shapes = shapes_of("codepipeline")
    document = subject.declaration.value
    for path, known in _unknown(shapes, "PipelineDeclaration", document, ()):
        name = str(path[-1])
        if subject.world is not None:
            name = f"{name[:1].upper()}{name[1:]}"
        message = f"there is no `{subject.shown(name)}` here"
        yield Finding(subject.place_of_key(path), message, _hint(str(path[-1]), known, subject))


def _hint(name: str, known: list[str], subject: PipelineSubject) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    if not near:
        return ""
    written = near[0] if subject.world is None else f"{near[0][:1].upper()}{near[0][1:]}"
    return f"did you mean `{written}`?"


def _unknown(
    shapes: Mapping[str, Any], name: str, value: Any, path: Path
) -> Iterator[tuple[Path, list[str]]]:
    """The paths of members that the shape lacks, each with those it has."""
    shape = shapes[name]
    if shape["type"] == "structure" and isinstance(value, dict):
        for key, one in value.items():
            member = shape["members"].get(key)
            if member is None:
                yield (*path, key), list(shape["members"])
            else:
                yield from _unknown(shapes, member["shape"], one, (*path, key))
    elif shape["type"] == "list" and isinstance(value, list):
        for i, one in enumerate(value):
            yield from _unknown(shapes, shape["member"]["shape"], one, (*path, i))
    elif shape["type"] == "map" and isinstance(value, dict):
        for key, one in value.items():
            yield from _unknown(shapes, shape["value"]["shape"], one, (*path, key))
