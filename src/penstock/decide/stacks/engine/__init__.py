"""What a stack does next: `decide`, from what is recorded and what has happened (TG-105…121).

A decision copies a State into a `Draft`, lets the event change it, then does what the stack's
status is about until everything waits for a task.

| file | is about |
| --- | --- |
| `moves` | the table of statuses, and the theory of it |
| `requests` | what is asked of a stack |
| `outcomes` | how tasks ended |
| `forward`, `deleting`, `restoring` | what is done while a status lasts |
| `cancelling` | giving up what is under way |
| `outputs`, `references`, `differences` | values |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.decide.stacks.engine import requests
from penstock.decide.stacks.engine.deleting import delete_all
from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.forward import go_forward
from penstock.decide.stacks.engine.moves import UNDER_WAY
from penstock.decide.stacks.engine.outcomes import end, initiate
from penstock.decide.stacks.engine.restoring import restore
from penstock.state.stack_operations import (
    Alarmed,
    Baked,
    CancelUpdate,
    ContinueRollback,
    Create,
    Decision,
    Delete,
    Event,
    Review,
    RollBack,
    State,
    TaskEnded,
    TaskInitiated,
    TimeOver,
    Update,
)
from penstock.state.stacks import StackStatus

__all__ = ["decide"]


def decide(state: State, event: Event) -> Decision:
    """The state after the event, and what is to be done about it.

    `state.exports` has to say what is so now where the event may end a create or an update, and
    where it is a Delete. Of what did not change the new state has the same objects. An outcome of
    a task that is not under way (any more) changes nothing, and has no effects.

    Raises AwsError with AWS's code where a request is refused (`requests`).
    """
    draft = Draft(state)
    _EVENTS[type(event)](draft, event)
    while draft.status in UNDER_WAY and _PHASES[draft.status](draft):
        pass
    return draft.decision()


_EVENTS: Mapping[type, Callable[[Draft, Any], None]] = {
    Review: requests.review,
    Create: requests.create,
    Update: requests.update,
    Delete: requests.delete,
    CancelUpdate: requests.cancel_update,
    ContinueRollback: requests.continue_rollback,
    RollBack: requests.roll_back,
    TimeOver: requests.time_over,
    Alarmed: requests.alarmed,
    Baked: requests.baked,
    TaskInitiated: initiate,
    TaskEnded: end,
}
_PHASES: Mapping[StackStatus | None, Callable[[Draft], bool]] = {
    StackStatus.CREATE_IN_PROGRESS: go_forward,
    StackStatus.UPDATE_IN_PROGRESS: go_forward,
    StackStatus.UPDATE_ROLLBACK_IN_PROGRESS: restore,
    StackStatus.ROLLBACK_IN_PROGRESS: delete_all,
    StackStatus.DELETE_IN_PROGRESS: delete_all,
    StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: delete_all,
    StackStatus.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: delete_all,
}
