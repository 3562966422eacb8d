"""Lints declarations of pipelines, as `aws codepipeline create-pipeline` takes them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.documents.templates import Path
from penstock.documents.templates.text import read_text
from penstock.lint.pipelines import refused
from penstock.lint.pipelines.rules import RULES
from penstock.lint.pipelines.subject import PipelineSubject, subject_of
from penstock.lint.subject import lines_of, source_root
from penstock.lint.templates.evaluation import Evaluated
from penstock.lint.templates.symbols import Symbols
from penstock.lint.tree import tree_of


def check(file: str, data: bytes) -> list[Diagnostic]:
    """`{"pipeline": {…}}`, or what would stand there."""
    text, found = read_text(data, file)
    if text is None:
        return found
    missing = unread(file, Position(1, 1))
    if missing:
        return [*found, missing]
    root: Path = ("pipeline",) if isinstance(text.body.get("pipeline"), dict) else ()
    value = text.body["pipeline"] if root else text.body
    places = (*text.places.values, *text.places.keys)
    origins = {path[len(root) :]: path for path in places if path[: len(root)] == root}
    declaration = Evaluated(value, {(): root, **origins})
    subject = subject_of(
        file,
        lines_of(data),
        text,
        declaration,
        Symbols(),
        tree_of(file, source_root(file)),
    )
    return [*found, *check_subject(subject)]


def unread(file: str, at: Position) -> Diagnostic | None:
    """What to say instead where the models of AWS's API are not installed."""
    if find_spec("botocore") is not None:
        return None
    why = "pipelines are not checked: botocore, which says how they are, is not installed"
    hint = "pip install 'penstock[lint]'"
    return Diagnostic(file, at, "pipelines-unread", Severity.INFO, why, hint)


def check_subject(subject: PipelineSubject) -> Iterator[Diagnostic]:
    yield from refused.diagnostics(subject)
    for rule in RULES:
        yield from rule.check(subject)
