"""What a provider of actions is told, and what it answers.

Starting is idempotent by `Start.id`: a provider may be called again for the same execution, after a
worker was killed, and even while another worker still has it. Nobody sleeps: what has to wait for
something else answers Waiting, and that which it waits for calls `flow.pipelines.finish_action`;
what has to look again, as nobody would call, answers Later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from penstock.state.pipelines import Failed, Succeeded
from penstock.state.recorded_pipelines import Start
from penstock.store import Store

__all__ = ["Done", "Failed", "Later", "Outcome", "Provider", "Start", "Succeeded", "Waiting"]


class Waiting(NamedTuple):
    """The action goes on without us; `log_stream_arn` is where its log can be read."""

    external_id: str = ""
    url: str = ""
    summary: str = ""
    log_stream_arn: str = ""


class Done(NamedTuple):
    succeeded: Succeeded = Succeeded()
    external_id: str = ""
    url: str = ""
    summary: str = ""
    log_stream_arn: str = ""


class Later(NamedTuple):
    """There is nothing to say yet: the provider is to be asked again at that time."""

    at: datetime
    summary: str = ""


Outcome = Done | Waiting | Later | Failed
"""Failed has a code of the API's FailureType, and says what went wrong."""
Provider = Callable[[Store, Start], Awaitable[Outcome]]
"""An error that it raises is a failure too: an AwsError's words are shown as they are."""
