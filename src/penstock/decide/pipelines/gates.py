"""Transitions into stages are disabled and enabled (CP-050, CP-051)."""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.entering import admit
from penstock.decide.pipelines.refusals import check_stage
from penstock.state.pipelines import SetGate

RESUMED_SECONDS = 30 * 24 * 3600


def set_gate(draft: Draft, event: SetGate) -> None:
    """Who waits goes in when the transition is enabled again.

    After more than 30 days disabled, not before the next run comes to the stage: it takes the place
    of who waits, or goes behind, as by the mode. Raises StageNotFoundException.
    """
    check_stage(draft, event.stage)
    before = draft.places[event.stage].gate
    draft.places[event.stage] = draft.places[event.stage]._replace(gate=event.gate)
    if not before.enabled and draft.now - before.changed <= RESUMED_SECONDS:
        admit(draft, event.stage)
