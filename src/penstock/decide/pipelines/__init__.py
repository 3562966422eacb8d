"""What a pipeline does next: `decide`, from what is recorded and what has happened (CP-022…096).

A decision copies a State into a `Draft`, lets the event change it, then moves every run that may
have something to do (`stages.advance`) until all wait for something: an action, a gate, a lock.

| file | is about |
| --- | --- |
| `beginning`, `stopping`, `retrying`, `rolling_back` | runs on request |
| `overriding`, `gates`, `redefining` | the other requests |
| `outcomes` | how actions and rules ended |
| `stages` | the table of what a stage does next |
| `entering`, `endings` | who is in which stage, and who waits |
| `actions`, `variables`, `ids` | what is started, with which configuration, by which name |
| `refusals` | AWS's errors that several requests share |
"""

from __future__ import annotations

from penstock.decide.pipelines.beginning import begin
from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.gates import set_gate
from penstock.decide.pipelines.outcomes import receive
from penstock.decide.pipelines.overriding import override
from penstock.decide.pipelines.redefining import redefine
from penstock.decide.pipelines.retrying import retry
from penstock.decide.pipelines.rolling_back import roll_back
from penstock.decide.pipelines.stages import advance
from penstock.decide.pipelines.stopping import stop
from penstock.state.pipelines import (
    ActionEnded,
    Begin,
    Decision,
    Event,
    OverrideCondition,
    Redefine,
    Retry,
    RollBack,
    SetGate,
    State,
    Stop,
)

__all__ = ["decide"]


def decide(state: State, event: Event, now: float) -> Decision:
    """The state after the event, and what is to be done about it. `now` in seconds since 1970.

    The state has to have the runs that have not ended, those that its stages remember, and the run
    that the event names; a run that is not there is refused as unknown. Of what did not change the
    new state has the same objects; no run is left out of it.

    Raises AwsError with AWS's code where a request is refused; each file names its own. An outcome
    of what is not in progress (any more) is no request: it changes nothing, and has no effects.
    """
    draft = Draft(state, now)
    _apply(draft, event)
    advance(draft)
    return draft.decision()


def _apply(draft: Draft, event: Event) -> None:
    match event:
        case ActionEnded():
            receive(draft, event)
        case Begin():
            begin(draft, event)
        case Stop():
            stop(draft, event)
        case Retry():
            retry(draft, event)
        case RollBack():
            roll_back(draft, event)
        case OverrideCondition():
            override(draft, event)
        case SetGate():
            set_gate(draft, event)
        case Redefine():
            redefine(draft, event)
