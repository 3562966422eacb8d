"""Lints templates: each alone, the pipelines and buildspecs in it, and the tree around it."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.documents.templates.text import read_text
from penstock.lint.pipelines.check import check_subject, unread
from penstock.lint.pipelines.document import declaration_of
from penstock.lint.pipelines.subject import subject_of as pipeline_of
from penstock.lint.subject import lines_of, source_root
from penstock.lint.templates import buildspecs, refused
from penstock.lint.templates.rules import RULES
from penstock.lint.templates.subject import TemplateSubject, World
from penstock.lint.templates.symbols import Symbols
from penstock.lint.templates.worlds import truths
from penstock.lint.tree import tree_of

PIPELINE = "AWS::CodePipeline::Pipeline"


def check(file: str, data: bytes) -> list[Diagnostic]:
    """Everything found in a template; the same finding may be there more than once."""
    text, found = read_text(data, file)
    if text is None:
        return found
    found += refused.diagnostics(file, text)
    lines, tree = lines_of(data), tree_of(file, source_root(file))
    worlds = [World(text.body, truth, Symbols()) for truth in truths(text.body)]
    each = [list(_of_world(TemplateSubject(file, lines, text, one, tree))) for one in worlds]
    everywhere = set(each[0]).intersection(*each)
    told: dict[tuple[Position, str, str], Diagnostic] = {}
    for world, own in zip(worlds, each, strict=True):
        for one in own:
            weighed = _weighed(one, one in everywhere, world, worlds[0])
            told.setdefault((one.at, one.rule, one.message), weighed)
    return [*found, *told.values()]


def _weighed(one: Diagnostic, everywhere: bool, world: World, usual: World) -> Diagnostic:
    """An error that some choice of conditions alone leads to is a warning: nobody may choose so."""
    if everywhere or one.severity is not Severity.ERROR:
        return one
    chosen = [name for name, true in world.truth.items() if true != usual.truth[name]]
    told = [f"{name} is {'true' if world.truth[name] else 'false'}" for name in chosen]
    hint = f"where {' and '.join(told[:3])}" if told else one.hint
    return one._replace(severity=Severity.WARNING, hint=hint)


def _of_world(subject: TemplateSubject) -> Iterator[Diagnostic]:
    for rule in RULES:
        yield from rule.check(subject)
    yield from buildspecs.check(subject)
    world = subject.world
    for name in world.named(PIPELINE):
        missing = unread(subject.file, subject.place_of_key(("Resources", name)))
        if missing:
            yield missing
            continue
        mark = world.symbols.mark({"Ref": name})
        declaration = declaration_of(world.properties(name), mark)
        pipeline = pipeline_of(
            subject.file,
            subject.lines,
            subject.text,
            declaration,
            world.symbols,
            subject.tree,
            world,
            name,
        )
        yield from check_subject(pipeline)
