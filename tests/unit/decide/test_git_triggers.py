"""Which changes in repositories start a pipeline (CP-100, CP-107…111)."""

from __future__ import annotations

import pytest

from penstock.decide.git_triggers import Change, PullRequest, Push, judge
from penstock.documents.pipelines import (
    Action,
    Globs,
    Output,
    Pipeline,
    PullRequestFilter,
    PushFilter,
    Stage,
    Store,
    Trigger,
    TypeId,
)

CONNECTION = TypeId("Source", "AWS", "CodeStarSourceConnection")
CODECOMMIT = TypeId("Source", "AWS", "CodeCommit")
MAIN = Push("branch", "main", "c1", ("src/a.py",))
DEV = Push("branch", "dev", "c2", ("README.md",))
TAG = Push("tag", "v1", "c3")
OPENED = PullRequest("OPEN", 7, "main", "topic", "c4", ("docs/a.md", "src/b.py"))


def source(type_: TypeId = CONNECTION, **configuration: str) -> Action:
    return Action(
        "Src", type_, configuration={"BranchName": "main", **configuration}, outputs=(Output("S"),)
    )


def pipeline(action: Action, *triggers: Trigger) -> Pipeline:
    stage = Stage("Source", (action,))
    return Pipeline("p", "role", (stage,), {"": Store("bucket")}, type="V2", triggers=triggers)


@pytest.mark.parametrize("type_", [CONNECTION, CODECOMMIT])
@pytest.mark.parametrize(
    ("change", "starts", "reason"),
    [
        (MAIN, True, "a push to its branch main"),
        (DEV, False, "dev is not its branch main"),
        (TAG, False, "without triggers only pushes to branch main start it"),
        (OPENED, False, "without triggers only pushes to branch main start it"),
    ],
)
def test_without_triggers_a_push_to_its_branch_starts_it(
    type_: TypeId, change: Change, starts: bool, reason: str
) -> None:
    """CP-100, CP-107"""
    action = source(type_)
    assert judge(pipeline(action), action, change) == (starts, (reason,))


@pytest.mark.parametrize(
    ("type_", "switch"), [(CONNECTION, "DetectChanges"), (CODECOMMIT, "PollForSourceChanges")]
)
def test_a_source_may_be_told_not_to_listen(type_: TypeId, switch: str) -> None:
    """CP-100, CP-107"""
    action = source(type_, **{switch: "false"})
    assert judge(pipeline(action), action, MAIN) == (False, (f"{switch} is false",))


def test_a_trigger_takes_the_place_of_the_branch() -> None:
    """CP-107: with a trigger on tags, a push to the branch starts nothing."""
    action = source()
    one = pipeline(action, Trigger("Src", (PushFilter(tags=Globs(("v*",))),)))
    assert judge(one, action, TAG).starts
    assert judge(one, action, MAIN) == (False, ("filter 1: it is for tags",))


@pytest.mark.parametrize(
    ("one", "change", "starts"),
    [
        (PushFilter(branches=Globs(("main", "rel-*"))), MAIN, True),
        (PushFilter(branches=Globs(("main",))), DEV, False),
        (PushFilter(branches=Globs((), ("dev",))), DEV, False),
        (PushFilter(branches=Globs((), ("dev",))), MAIN, True),
        (PushFilter(branches=Globs(("main",)), file_paths=Globs(("src/**",))), MAIN, True),
        (PushFilter(branches=Globs(("main",)), file_paths=Globs(("docs/**",))), MAIN, False),
        (PushFilter(branches=Globs(("dev",)), file_paths=Globs(("src/**",))), MAIN, False),
        (PushFilter(branches=Globs(("**",)), file_paths=Globs((), ("*.md",))), DEV, False),
        (PushFilter(tags=Globs(("v*",), ("v1",))), TAG, False),
        (PushFilter(tags=Globs(("v*",))), MAIN, False),
        (PushFilter(branches=Globs(("v*",))), TAG, False),
    ],
)
def test_all_parts_of_a_push_filter_have_to_match(
    one: PushFilter, change: Push, starts: bool
) -> None:
    """CP-109, CP-110"""
    action = source()
    assert judge(pipeline(action, Trigger("Src", (one,))), action, change).starts is starts


@pytest.mark.parametrize(
    ("one", "starts"),
    [
        (PullRequestFilter(branches=Globs(("main",))), True),
        (PullRequestFilter(branches=Globs(("topic",))), False),
        (PullRequestFilter(("OPEN",), Globs(("main",))), True),
        (PullRequestFilter(("CLOSED", "UPDATED"), Globs(("main",))), False),
        (PullRequestFilter((), Globs(("main",)), Globs(("docs/**",))), True),
        (PullRequestFilter((), Globs(("main",)), Globs(("web/**",))), False),
    ],
)
def test_a_pull_request_filter_looks_at_where_it_is_to_be_merged(
    one: PullRequestFilter, starts: bool
) -> None:
    """CP-109, CP-111"""
    action = source()
    trigger = Trigger("Src", pull_request=(one,))
    assert judge(pipeline(action, trigger), action, OPENED).starts is starts


def test_any_filter_suffices_and_the_others_say_why_not() -> None:
    """CP-110"""
    action = source()
    dev, main = PushFilter(branches=Globs(("dev",))), PushFilter(branches=Globs(("main",)))
    verdict = judge(pipeline(action, Trigger("Src", (dev, main))), action, MAIN)
    assert verdict == (True, ("filter 1: main is none of dev", "filter 2 passes"))


def test_files_that_nobody_knows_match_no_filter_of_files() -> None:
    action = source()
    one = PushFilter(branches=Globs(("main",)), file_paths=Globs(("**",)))
    verdict = judge(pipeline(action, Trigger("Src", (one,))), action, MAIN._replace(paths=None))
    assert verdict == (False, ("filter 1: the changed files are not known",))


def test_a_trigger_of_another_source_is_not_its_own() -> None:
    """CP-108"""
    action = source()
    other = Trigger("Other", (PushFilter(tags=Globs(("v*",))),))
    assert judge(pipeline(action, other), action, MAIN).starts


def test_triggers_without_filters_of_a_kind_say_so() -> None:
    action = source()
    one = pipeline(action, Trigger("Src", (PushFilter(tags=Globs(("v*",))),)))
    assert judge(one, action, OPENED).reasons == ("its triggers have no filters for pull requests",)
