"""What a pipeline's sources listen to, in sentences: for whoever wonders why nothing starts."""

from __future__ import annotations

from penstock.decide.git_triggers import listens_to
from penstock.documents.pipelines import Action, Globs, Pipeline, PullRequestFilter, PushFilter


def sentences(pipeline: Pipeline, action: Action) -> list[str]:
    """Of a source action."""
    triggers = [one for one in pipeline.triggers if one.source_action == action.name]
    if triggers:
        return [
            *(f"pushes {_of_push(one)}" for trigger in triggers for one in trigger.push),
            *(
                f"pull requests {_of_pull_request(one)}"
                for trigger in triggers
                for one in trigger.pull_request
            ),
        ]
    if action.type.provider == "S3":
        return [_of_object(action)]
    found = listens_to(action)
    if found is None:
        return [f"nothing: {action.type.provider} is no source that tells of changes"]
    branch, switch, on = found
    return [f"pushes to branch {branch}" if on else f"nothing, as {switch} is false"]


def _of_object(action: Action) -> str:
    asked = action.configuration
    place = f"s3://{asked.get('S3Bucket', '')}/{asked.get('S3ObjectKey', '')}"
    if asked.get("PollForSourceChanges", "true").lower() == "false":
        return f"nothing, as PollForSourceChanges is false: a rule may start it for {place}"
    return f"new versions of {place}, which is looked at every minute"


def _of_push(one: PushFilter) -> str:
    if any(one.tags):
        return "of tags" + _globs(one.tags)
    return "to branches" + _globs(one.branches) + _files(one.file_paths)


def _of_pull_request(one: PullRequestFilter) -> str:
    events = f" when {', '.join(one.events)}" if one.events else ""
    return "into branches" + _globs(one.branches) + _files(one.file_paths) + events


def _files(globs: Globs) -> str:
    return f" that change files{_globs(globs)}" if any(globs) else ""


def _globs(globs: Globs) -> str:
    said = f" {', '.join(globs.includes)}" if globs.includes else ""
    return said + (f" but not {', '.join(globs.excludes)}" if globs.excludes else "")
