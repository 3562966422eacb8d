"""Git triggers (CP-108 to CP-110)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.documents.model_shapes import Path
from penstock.documents.pipelines import Globs, PullRequestFilter, PushFilter, Trigger
from penstock.documents.pipelines.problems import Problems, shown
from penstock.documents.pipelines.structure import repeated
from penstock.documents.pipelines.subject import Subject

CONNECTION = "CodeStarSourceConnection"
_NONE = Globs()


def check_triggers(subject: Subject, problems: Problems) -> None:
    triggers = subject.pipeline.triggers
    providers = {
        place.action.name: place.action.type.provider
        for place in subject.actions
        if place.number == 0
    }
    for i, name in repeated(trigger.source_action for trigger in triggers):
        problems.structure(
            ("triggers", i, "gitConfiguration", "sourceActionName"),
            f"Source action {shown(name)} has more than one trigger",
        )
    for i, trigger in enumerate(triggers):
        path = ("triggers", i, "gitConfiguration")
        _check_source(trigger, providers, path, problems)
        for j, push in enumerate(trigger.push):
            _check_push(trigger, push, (*path, "push", j), problems)
        for j, pull in enumerate(trigger.pull_request):
            _check_pull_request(trigger, pull, (*path, "pullRequest", j), problems)


def _check_source(
    trigger: Trigger, providers: Mapping[str, str], path: Path, problems: Problems
) -> None:
    name = trigger.source_action
    if not name:
        return  # told as a missing member
    if name not in providers:
        problems.structure(
            (*path, "sourceActionName"),
            f"The trigger's source action {shown(name)} is not in the first stage of the pipeline",
        )
    elif providers[name] != CONNECTION:
        problems.structure(
            (*path, "sourceActionName"),
            f"The trigger's source action {shown(name)} is not of provider {CONNECTION}",
        )
    if not trigger.push and not trigger.pull_request:
        problems.structure(
            path, f"The trigger of source action {shown(name)} must have push or pullRequest"
        )


def _check_push(trigger: Trigger, push: PushFilter, path: Path, problems: Problems) -> None:
    """CP-109"""
    told = f"A push filter of source action {shown(trigger.source_action)}"
    tags, branches, files = (part != _NONE for part in push)
    if not (tags or branches):
        problems.structure(path, f"{told} must have tags or branches")
    if tags and (branches or files):
        problems.structure(
            (*path, "tags"), f"{told} cannot have tags beside branches and file paths"
        )


def _check_pull_request(
    trigger: Trigger, pull: PullRequestFilter, path: Path, problems: Problems
) -> None:
    if pull.branches == _NONE:
        name = shown(trigger.source_action)
        problems.structure(
            path, f"A pull request filter of source action {name} must have branches"
        )
