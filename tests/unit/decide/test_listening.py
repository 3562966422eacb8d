"""What sources listen to, in sentences."""

from __future__ import annotations

from penstock.decide.listening import sentences
from penstock.documents.pipelines import (
    Action,
    Globs,
    Pipeline,
    PullRequestFilter,
    PushFilter,
    Stage,
    Trigger,
    TypeId,
)


def said(provider: str, *triggers: Trigger, **configuration: str) -> list[str]:
    action = Action("Src", TypeId("Source", "AWS", provider), configuration=configuration)
    pipeline = Pipeline("app", "", (Stage("Source", (action,)),), {}, triggers=triggers)
    return sentences(pipeline, action)


def test_a_git_source_listens_to_its_branch() -> None:
    """CP-100, CP-107"""
    assert said("CodeCommit", BranchName="main") == ["pushes to branch main"]
    assert said("GitHub", Branch="main", PollForSourceChanges="false") == [
        "nothing, as PollForSourceChanges is false"
    ]
    assert said("CodeStarSourceConnection", BranchName="main", DetectChanges="FALSE") == [
        "nothing, as DetectChanges is false"
    ]


def test_an_object_is_looked_at_unless_that_is_turned_off() -> None:
    """CP-100"""
    place = {"S3Bucket": "b", "S3ObjectKey": "k.zip"}
    assert said("S3", **place) == ["new versions of s3://b/k.zip, which is looked at every minute"]
    assert said("S3", **place, PollForSourceChanges="false") == [
        "nothing, as PollForSourceChanges is false: a rule may start it for s3://b/k.zip"
    ]


def test_triggers_take_the_place_of_the_branch() -> None:
    """CP-107, CP-109"""
    trigger = Trigger(
        "Src",
        push=(
            PushFilter(tags=Globs(("v*",))),
            PushFilter(branches=Globs(("main",), ("x",)), file_paths=Globs((), ("docs/**",))),
        ),
        pull_request=(PullRequestFilter(("OPEN", "CLOSED"), Globs(("main",))),),
    )
    assert said("CodeStarSourceConnection", trigger, BranchName="main") == [
        "pushes of tags v*",
        "pushes to branches main but not x that change files but not docs/**",
        "pull requests into branches main when OPEN, CLOSED",
    ]


def test_other_sources_tell_of_nothing() -> None:
    assert said("ECR") == ["nothing: ECR is no source that tells of changes"]
