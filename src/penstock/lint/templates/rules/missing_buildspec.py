"""A buildspec that a project names is in the source tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.projects import PROJECT, Source, source_of
from penstock.lint.pipelines.subject import GIT
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.subject import TemplateSubject

_INLINE = TEMPLATE[TEMPLATE.index("BuildSpec: |") : TEMPLATE.index("  Pipeline:\n")]
_GOOD = but(
    TEMPLATE,
    (_INLINE, "BuildSpec: ci/site.yml\n"),
    ("'Release #{Site.REVISION}?'", "Release?"),
)


@rule(
    id="missing-buildspec",
    severity=Severity.WARNING,
    summary="A project's buildspec that is not in the source tree.",
    bad=but(_GOOD, ("ci/site.yml", "ci/sites.yml")),
    good=_GOOD,
    files={"ci/site.yml": "version: 0.2\nphases:\n  build:\n    commands:\n      - make site\n"},
)
def missing_buildspec(subject: TemplateSubject) -> Iterator[Finding]:
    projects = {name: source_of(subject.world, name) for name in subject.world.named(PROJECT)}
    beside = any(subject.tree.exists(source.path) for source in projects.values() if source.path)
    for name, source in projects.items():
        if not source.path or subject.tree.exists(source.path) or _is_elsewhere(subject, name):
            continue
        near = subject.tree.lookalike(source.path)
        if not source.given and not near:
            continue  # where a project is given another buildspec per build, nobody has to have it
        severity = Severity.WARNING if near or beside else Severity.INFO
        yield Finding(_place(subject, name, source), *_words(source, near), severity)


def _words(source: Source, near: str) -> tuple[str, str]:
    message = f"the source tree has no `{shown(source.path)}`"
    if not source.given:
        message = "no BuildSpec is given, and the source tree has no `buildspec.yml`"
    return message, f"it has `{near}`" if near else "unless the source is another repository"


def _place(subject: TemplateSubject, name: str, source: Source) -> Any:
    origins = subject.world.properties(name).origins
    path = origins.get(("Source", "BuildSpec")) or origins.get(("Source",), ("Resources", name))
    return subject.within(path, source.path) if source.given else subject.place(path)


def _is_elsewhere(subject: TemplateSubject, project: str) -> bool:
    """Whether the project builds in a pipeline of several sources, or is fed by another action."""
    world = subject.world
    for name in world.named("AWS::CodePipeline::Pipeline"):
        actions = [
            action
            for stage in _list(world.properties(name).value.get("Stages"))
            for action in _list(stage.get("Actions"))
        ]
        sources = [one for one in actions if _provider(one) in GIT]
        fed = {_name(out) for one in sources for out in _list(one.get("OutputArtifacts"))}
        for action in actions:
            given = action.get("Configuration")
            given = given if isinstance(given, dict) else {}
            target = world.target(given.get("ProjectName"))
            if target is None or target[0] != project:
                continue
            inputs = [_name(one) for one in _list(action.get("InputArtifacts"))]
            primary = given.get("PrimarySource", inputs[0] if inputs else "")
            if len(sources) != 1 or primary not in fed:
                return True
    return False


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _provider(action: dict[str, Any]) -> Any:
    given = action.get("ActionTypeId")
    return given.get("Provider") if isinstance(given, dict) else None


def _name(artifact: dict[str, Any]) -> str:
    return str(artifact.get("Name"))
