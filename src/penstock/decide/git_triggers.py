"""Whether a change in a repository starts a pipeline, and why not (CP-107…111).

One rule for all sources: a source action with triggers listens to them alone; without any it
listens to pushes to its branch, unless it was told not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from penstock.decide.globs import objection
from penstock.documents.pipelines import Action, Globs, Pipeline, PullRequestFilter, PushFilter

BRANCH, TAG = "branch", "tag"
OPEN, UPDATED, CLOSED = "OPEN", "UPDATED", "CLOSED"


class Push(NamedTuple):
    """A branch or a tag that is now at a commit. `paths` are the files that changed; None where
    nobody can tell."""

    kind: str
    name: str
    commit: str
    paths: Sequence[str] | None = None


class PullRequest(NamedTuple):
    """What happened to a pull request; `branch` is where it is to be merged, `commit` is the head
    of the branch it comes from (CP-111)."""

    event: str
    number: int
    branch: str
    source_branch: str
    commit: str
    paths: Sequence[str] | None = None


Change = Push | PullRequest


class Verdict(NamedTuple):
    """`reasons` are sentences: what passed, or what each filter objects to."""

    starts: bool
    reasons: tuple[str, ...]


_LISTENS = {
    "CodeStarSourceConnection": ("BranchName", "DetectChanges"),
    "CodeCommit": ("BranchName", "PollForSourceChanges"),
    "GitHub": ("Branch", "PollForSourceChanges"),
}
"""The configuration keys of git sources: the branch, and whether its changes start anything."""


def judge(pipeline: Pipeline, action: Action, change: Change) -> Verdict:
    """What a change in the repository of a source action is to the pipeline."""
    triggers = [one for one in pipeline.triggers if one.source_action == action.name]
    if not triggers:
        return _judge_plain(action, change)
    if isinstance(change, Push):
        objected = [_push_objection(one, change) for trigger in triggers for one in trigger.push]
    else:
        objected = [
            _pull_request_objection(one, change)
            for trigger in triggers
            for one in trigger.pull_request
        ]
    return _verdict(objected, "pushes" if isinstance(change, Push) else "pull requests")


def _judge_plain(action: Action, change: Change) -> Verdict:
    """CP-100, CP-107"""
    listens = listens_to(action)
    if listens is None:
        return Verdict(False, (f"{action.type.provider} is no git source",))
    branch, switch, on = listens
    if not isinstance(change, Push) or change.kind != BRANCH:
        return Verdict(False, (f"without triggers only pushes to branch {branch} start it",))
    if not on:
        return Verdict(False, (f"{switch} is false",))
    if change.name != branch:
        return Verdict(False, (f"{change.name} is not its branch {branch}",))
    return Verdict(True, (f"a push to its branch {branch}",))


def _verdict(objected: Sequence[str | None], kind: str) -> Verdict:
    """Any filter suffices (CP-110); `objected` is what each objects to."""
    if not objected:
        return Verdict(False, (f"its triggers have no filters for {kind}",))
    passing = objected.index(None) if None in objected else len(objected)
    reasons = [f"filter {number}: {said}" for number, said in enumerate(objected[:passing], 1)]
    if passing < len(objected):
        reasons.append(f"filter {passing + 1} passes")
    return Verdict(passing < len(objected), tuple(reasons))


def _pull_request_objection(one: PullRequestFilter, change: PullRequest) -> str | None:
    if one.events and change.event not in one.events:
        return f"{change.event} is none of {', '.join(one.events)}"
    return objection(one.branches, change.branch) or _paths_objection(one.file_paths, change.paths)


def _push_objection(one: PushFilter, push: Push) -> str | None:
    """A filter of tags is for tags, every other one for branches (CP-109)."""
    wanted = TAG if any(one.tags) else BRANCH
    if push.kind != wanted:
        return f"it is for {wanted}es" if wanted == BRANCH else "it is for tags"
    if wanted == TAG:
        return objection(one.tags, push.name)
    return objection(one.branches, push.name) or _paths_objection(one.file_paths, push.paths)


def _paths_objection(globs: Globs, paths: Sequence[str] | None) -> str | None:
    """One changed file that counts suffices."""
    if not any(globs):
        return None
    if paths is None:
        return "the changed files are not known"
    if any(objection(globs, path) is None for path in paths):
        return None
    first = f" ({objection(globs, paths[0])})" if paths else ""
    return f"none of {len(paths)} changed files counts{first}"


# What has to be found out for them.


def wants_paths(pipeline: Pipeline, action: Action, change: Change) -> bool:
    """Whether it depends on the changed files, which are not known, if a change starts anything."""
    if change.paths is not None:
        return False
    knowing = change._replace(paths=())
    return any(
        any(one.file_paths) and _passes_but_for_paths(one, knowing)
        for trigger in pipeline.triggers
        if trigger.source_action == action.name
        for one in (trigger.push if isinstance(change, Push) else trigger.pull_request)
    )


def _passes_but_for_paths(one: PushFilter | PullRequestFilter, change: Change) -> bool:
    without = one._replace(file_paths=Globs())
    if isinstance(without, PushFilter):
        return isinstance(change, Push) and _push_objection(without, change) is None
    return isinstance(change, PullRequest) and _pull_request_objection(without, change) is None


def is_watched(pipeline: Pipeline, action: Action) -> bool:
    """Whether pushes to a git source start anything, so that it has to be looked at."""
    triggers = [one for one in pipeline.triggers if one.source_action == action.name]
    if triggers:
        return any(one.push for one in triggers)
    listens = listens_to(action)
    return listens is not None and listens.on


class Listens(NamedTuple):
    """The branch of a source without triggers, and whether its pushes start anything, which is said
    with the configuration's key `switch`."""

    branch: str
    switch: str
    on: bool


def listens_to(action: Action) -> Listens | None:
    """None of what is no git source."""
    if action.type.provider not in _LISTENS:
        return None
    branch, switch = _LISTENS[action.type.provider]
    asked = action.configuration
    return Listens(asked.get(branch, ""), switch, asked.get(switch, "true").lower() != "false")
