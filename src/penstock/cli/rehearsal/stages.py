"""The stages of a declaration that are chosen to run. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

Stage = dict[str, Any]
_REFERENCE = re.compile(r"#\{([A-Za-z0-9_@-]+)\.[^}]+\}")
_GIVEN = frozenset(("codepipeline", "variables"))


class StagesError(Exception):
    """Those stages cannot run without others. The text says which."""


def choose(
    stages: Sequence[Stage],
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    stop_after: str = "",
) -> list[Stage]:
    """The stages in their order: `only` are some and the first, which has the sources.

    Raises StagesError for a stage that is not there, and for one that needs what a stage makes
    which is left out.
    """
    names = [stage["name"] for stage in stages]
    for name in (*only, *skip, *filter(None, (stop_after,))):
        if name not in names:
            raise StagesError(f"there is no stage {name}: there are {', '.join(names)}")
    last = names.index(stop_after) if stop_after else len(names) - 1
    chosen = [
        stage
        for number, stage in enumerate(stages)
        if number <= last
        and stage["name"] not in skip
        and (not only or number == 0 or stage["name"] in only)
    ]
    if names[0] in skip:
        raise StagesError(f"{names[0]} has the sources: it cannot be skipped")
    _check(stages, chosen)
    return chosen


def _check(stages: Sequence[Stage], chosen: Sequence[Stage]) -> None:
    left_out = [stage for stage in stages if stage not in chosen]
    makers = {made: stage["name"] for stage in left_out for made in _made(stage)}
    for stage in chosen:
        for needed in sorted(_needed(stage)):
            if needed in makers:
                raise StagesError(
                    f"{stage['name']} needs {needed}, which {makers[needed]} makes:"
                    f" run {makers[needed]} too"
                )


def _made(stage: Stage) -> set[str]:
    """Artifacts, and namespaces of variables."""
    actions = stage["actions"]
    artifacts = {one["name"] for action in actions for one in action.get("outputArtifacts", ())}
    return artifacts | {action["namespace"] for action in actions if action.get("namespace")}


def _needed(stage: Stage) -> set[str]:
    found = {one["name"] for action in stage["actions"] for one in action.get("inputArtifacts", ())}
    return found | set(_REFERENCE.findall(json.dumps(stage))) - _GIVEN
