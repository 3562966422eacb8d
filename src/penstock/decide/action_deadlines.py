"""How long an action may take (CP-055); it has failed when its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from penstock.documents.pipelines import Action, Rule, TypeId
from penstock.state.time_scale import TimeScale

ONE = TimeScale()

_OTHERS = timedelta(hours=1)
_CUSTOM = timedelta(hours=24)
_TIMES: Mapping[tuple[str, str], timedelta] = {
    ("Approval", "Manual"): timedelta(days=7),
    ("Build", "CodeBuild"): timedelta(hours=8),
    ("Test", "CodeBuild"): timedelta(hours=8),
    ("Rule", "CodeBuild"): timedelta(hours=8),
    ("Compute", "Commands"): timedelta(minutes=55),
    ("Rule", "Commands"): timedelta(minutes=55),
    ("Rule", "CloudWatchAlarm"): timedelta(days=1),
    ("Rule", "DeploymentWindow"): timedelta(minutes=86_400),  # as long as any rule may take
    ("Deploy", "CloudFormation"): timedelta(days=3),
    ("Deploy", "CloudFormationStackSet"): timedelta(days=3),
    ("Deploy", "CloudFormationStackInstances"): timedelta(days=3),
    ("Deploy", "CodeDeploy"): timedelta(days=5),
    ("Deploy", "CodeDeployToECS"): timedelta(days=5),
    ("Deploy", "Lambda"): timedelta(days=2),
    ("Deploy", "S3"): timedelta(minutes=90),
    ("Invoke", "Lambda"): timedelta(hours=24),
    ("Invoke", "StepFunctions"): timedelta(days=7),
}


def time_of(type_id: TypeId) -> timedelta:
    """Of actions that say nothing themselves. What the reference has from 2022 only (CodeBuild,
    Step Functions, custom actions) stands, as nothing later is known."""
    if type_id.owner == "Custom":
        return _CUSTOM
    return _TIMES.get((type_id.category, type_id.provider), _OTHERS)


WAITING = frozenset(("Manual", "CloudWatchAlarm", "DeploymentWindow"))
"""Providers of what only waits, which a time scale makes shorter."""


def deadline_of(what: Action | Rule, started: datetime, scale: TimeScale = ONE) -> datetime:
    """Approvals and rules may say how many minutes they take (CP-015, CP-064)."""
    time = time_of(what.type) if what.timeout is None else timedelta(minutes=what.timeout)
    believed = started + time
    return scale.real(started, believed) if what.type.provider in WAITING else believed


def spoken(time: timedelta) -> str:
    """`7 days`, `90 minutes`"""
    minutes = round(time.total_seconds() / 60)
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes % length == 0 and minutes:
            return f"{minutes // length} {unit}" + "s" * (minutes != length)
    return f"{minutes} minute" + "s" * (minutes != 1)
