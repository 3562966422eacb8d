"""Names of what is started. The same start has the same id however often it is decided.

An id names the attempt at the stage: an action starts at most once in each, and one that succeeded
keeps its id while the failed ones are retried (CP-045).
"""

from __future__ import annotations

from uuid import UUID, uuid5

from penstock.state.pipelines import ConditionKind


def action_id(run: UUID, stage: str, attempt: int, action: str) -> UUID:
    return uuid5(run, f"{stage}/{attempt}/{action}")


def rule_id(run: UUID, stage: str, attempt: int, kind: ConditionKind, rule: str) -> UUID:
    return uuid5(run, f"{stage}/{attempt}/{kind}/{rule}")


def rollback_id(run: UUID, stage: str, attempt: int) -> UUID:
    """The run by which the run's failure in the stage is rolled back."""
    return uuid5(run, f"{stage}/{attempt}/rollback/run")
