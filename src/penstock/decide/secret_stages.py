"""Which version of a secret is in which stage after one is moved (TG-082)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"

Stages = Mapping[str, Sequence[str]]


def move_stages(stages: Stages, to: str, moved: Sequence[str]) -> dict[str, list[str]]:
    """All versions' stages once `to` is in those `moved`.

    A stage is on one version at a time. What was current becomes the previous one.
    """
    after = {
        version: [stage for stage in have if stage not in moved] for version, have in stages.items()
    }
    after[to] = [*after.get(to, ()), *moved]
    was_current = next((version for version in stages if CURRENT in stages[version]), None)
    if CURRENT in moved and was_current is not None and was_current != to:
        for version in after:
            after[version] = [stage for stage in after[version] if stage != PREVIOUS]
        after[was_current].append(PREVIOUS)
    return after


def take_stage(stages: Stages, version: str, stage: str) -> dict[str, list[str]]:
    """All versions' stages once `version` is no longer in `stage`."""
    return {
        key: [name for name in have if (key, name) != (version, stage)]
        for key, have in stages.items()
    }
