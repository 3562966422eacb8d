from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.decide.action_deadlines import deadline_of, spoken, time_of
from penstock.documents.pipelines import Action, Rule, TypeId
from penstock.state.time_scale import TimeScale

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("category", "owner", "provider", "hours"),
    [
        ("Deploy", "AWS", "CloudFormation", 3 * 24),
        ("Deploy", "AWS", "CodeDeploy", 5 * 24),
        ("Deploy", "AWS", "CodeDeployToECS", 5 * 24),
        ("Invoke", "AWS", "Lambda", 24),
        ("Deploy", "AWS", "S3", 1.5),
        ("Approval", "AWS", "Manual", 7 * 24),
        ("Source", "AWS", "S3", 1),
        ("Build", "AWS", "CodeBuild", 8),
        ("Invoke", "AWS", "StepFunctions", 7 * 24),
        ("Build", "Custom", "CodeBuild", 24),
    ],
)
def test_each_provider_has_its_time(category: str, owner: str, provider: str, hours: float) -> None:
    """CP-055"""
    assert time_of(TypeId(category, owner, provider)) == timedelta(hours=hours)


def test_what_says_how_long_it_takes_has_that_time() -> None:
    """CP-015, CP-064"""
    manual = TypeId("Approval", "AWS", "Manual")
    assert deadline_of(Action("A", manual, timeout=5), NOON) == NOON + timedelta(minutes=5)
    assert deadline_of(Action("A", manual), NOON) == NOON + timedelta(days=7)
    rule = Rule("R", TypeId("Rule", "AWS", "DeploymentWindow"), timeout=60)
    assert deadline_of(rule, NOON) == NOON + timedelta(hours=1)


def test_a_time_scale_shortens_what_waits_and_nothing_that_works() -> None:
    scale = TimeScale(60)
    approval = Action("A", TypeId("Approval", "AWS", "Manual"), timeout=60)
    assert deadline_of(approval, NOON, scale) == NOON + timedelta(minutes=1)
    build = Action("B", TypeId("Build", "AWS", "CodeBuild"))
    assert deadline_of(build, NOON, scale) == NOON + timedelta(hours=8)
    later = NOON + timedelta(minutes=7)
    assert scale.real(NOON, scale.believed(NOON, later)) == later


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"), (1, "1 minute"), (90, "90 minutes"), (60, "1 hour"), (480, "8 hours"),
        (1440, "1 day"), (10080, "7 days"),
    ],
)  # fmt: skip
def test_a_time_is_spoken_in_its_largest_unit(minutes: int, words: str) -> None:
    assert spoken(timedelta(minutes=minutes)) == words
