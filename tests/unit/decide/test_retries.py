"""Whether a build that ended is built again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.retries import FAILURES, auto_retry, first_attempt
from penstock.state.builds import Status

GIT = {"type": "GITHUB"}


@given(st.integers(0, 5))
def test_a_build_that_always_fails_is_tried_once_more_than_its_limit(limit: int) -> None:
    """CB-139"""
    build = {"source": GIT, "autoRetryLimit": limit}
    attempt, tries = first_attempt(build), 1
    while attempt is not None and (
        attempt := auto_retry({**build, "autoRetryConfig": attempt}, str(tries), Status.FAILED)
    ):
        assert attempt["previousAutoRetry"] == str(tries)
        tries += 1
    assert tries == limit + 1


@given(st.sampled_from(Status))
def test_only_failures_are_built_again(status: Status) -> None:
    build = {"source": GIT, "autoRetryLimit": 1}
    assert (auto_retry(build, "arn", status) is not None) == (status in FAILURES)


@given(st.integers(0, 3))
def test_builds_of_pipelines_are_not(limit: int) -> None:
    """CB-139"""
    build = {"source": {"type": "CODEPIPELINE"}, "autoRetryLimit": limit}
    assert first_attempt(build) is None
    assert auto_retry(build, "arn", Status.FAILED) is None
