"""L20: a name that is nearly, but not quite, that of a resource of the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

NAMED = {
    ("CodeBuild", "ProjectName"): ("AWS::CodeBuild::Project", "Name"),
    ("CodeCommit", "RepositoryName"): ("AWS::CodeCommit::Repository", "RepositoryName"),
    ("CodeDeploy", "ApplicationName"): ("AWS::CodeDeploy::Application", "ApplicationName"),
    ("CodeDeploy", "DeploymentGroupName"): (
        "AWS::CodeDeploy::DeploymentGroup",
        "DeploymentGroupName",
    ),
    ("Lambda", "FunctionName"): ("AWS::Lambda::Function", "FunctionName"),
    ("S3", "S3Bucket"): ("AWS::S3::Bucket", "BucketName"),
    ("S3", "BucketName"): ("AWS::S3::Bucket", "BucketName"),
}
"""The type and the property that has the name, by provider and key."""


@rule(
    id="unknown-resource",
    severity=Severity.WARNING,
    summary="A project, repository, application, deployment group, function or bucket that is not"
    " in the template, which has one of nearly that name.",
    bad=but(TEMPLATE, ("!Ref Build}", "sites}")),
    good=but(TEMPLATE, ("!Ref Build}", "site}")),
)
def unknown_resource(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.actions:
        for key, value in place.action.configuration.items():
            wanted = NAMED.get((place.action.type.provider, key))
            if not wanted or not value or subject.symbols.expression(value) is not None:
                continue
            near = _nearest(value, _names(subject, *wanted), subject)
            if near:
                kind = wanted[0].rpartition("::")[2].lower()
                message = f"no {kind} of this template is called `{subject.shown(value)}`"
                at = subject.place(*place.path, "configuration", key)
                yield Finding(at, message, f"did you mean `{subject.shown(near)}`?")


def _names(subject: PipelineSubject, type: str, member: str) -> list[Any]:
    world = subject.world
    if world is None:
        return []
    return [world.properties(name).value.get(member) for name in world.named(type)]


def _nearest(value: str, names: list[Any], subject: PipelineSubject) -> str:
    """A name that differs by little, and not in a number: `site-1` and `site-2` are two."""
    from difflib import get_close_matches

    texts = [name for name in names if isinstance(name, str)]
    if value in texts or is_open(value) != any(map(is_open, texts)):
        return ""
    letters = {name: _letters(name) for name in texts if _letters(name) != _letters(value)}
    near = get_close_matches(_letters(value), letters.values(), n=1, cutoff=0.85)
    found = next((name for name, plain in letters.items() if near and plain == near[0]), "")
    return "" if _is_another(value, found, texts) else found


def _letters(name: str) -> str:
    return "".join(one for one in name if not one.isdigit())


def _is_another(value: str, found: str, texts: list[str]) -> bool:
    """`web-dev` beside `web-prod` is a sibling, no misspelling: whole words differ."""
    import re

    words, others = re.split(r"[-_./]", value), re.split(r"[-_./]", found)
    if len(words) != len(others):
        return True
    from difflib import SequenceMatcher

    different = [(a, b) for a, b in zip(words, others, strict=True) if a != b]
    return any(SequenceMatcher(None, a, b).ratio() < 0.7 for a, b in different)
