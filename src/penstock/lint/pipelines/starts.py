"""What starts a pipeline when its source changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.documents.pipelines import Action
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.templates.subject import World

POLLED = ("CodeCommit", "S3", "GitHub")
_SOURCES = {"CodeCommit": "aws.codecommit", "S3": "aws.s3", "ECR": "aws.ecr"}
_PIPELINE = "AWS::CodePipeline::Pipeline"


def is_polled(action: Action) -> bool:
    """CP-100: where nothing is said, it is."""
    given = action.configuration.get("PollForSourceChanges", "true")
    return action.type.provider in POLLED and given.lower() == "true"


def tellers(subject: PipelineSubject, action: Action) -> Iterator[str]:
    """The rules and webhooks of the template that start the pipeline for a source action."""
    world, provider = subject.world, action.type.provider
    if world is None:
        return
    for name in world.named("AWS::Events::Rule"):
        rule = world.properties(name).value
        if _is_about(rule.get("EventPattern"), provider) and _targets(subject, world, rule):
            yield name
    for name in world.named("AWS::CodePipeline::Webhook"):
        hook = world.properties(name).value
        if hook.get("TargetAction") == action.name and _is_pipeline(
            subject, world, hook.get("TargetPipeline")
        ):
            yield name


def is_started(subject: PipelineSubject) -> bool:
    """Whether anything in the template, of whatever kind, names the pipeline as what it starts."""
    world = subject.world
    if world is None:
        return True
    for name in world.resources:
        if name != subject.name and _mentions(subject, world.properties(name).value):
            return True
    return False


def _mentions(subject: PipelineSubject, value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_mentions(subject, one) for one in value.values())
    if isinstance(value, list):
        return any(_mentions(subject, one) for one in value)
    return isinstance(value, str) and f"${{{subject.name}" in subject.symbols.shown(value)


def _is_about(pattern: Any, provider: str) -> bool:
    sources = pattern.get("source", ()) if isinstance(pattern, dict) else ()
    return provider in _SOURCES and _SOURCES[provider] in sources


def _targets(subject: PipelineSubject, world: World, rule: Mapping[str, Any]) -> bool:
    targets = rule.get("Targets")
    return isinstance(targets, list) and any(
        _is_pipeline(subject, world, one.get("Arn")) for one in targets if isinstance(one, dict)
    )


def _is_pipeline(subject: PipelineSubject, world: World, value: Any) -> bool:
    """Whether a name or ARN is the pipeline's."""
    if not isinstance(value, str):
        return False
    last = value.rpartition(":")[2]
    target = world.target(last)
    if target is not None:
        return target[0] == subject.name
    return bool(last) and last == subject.declaration.value.get("name")
