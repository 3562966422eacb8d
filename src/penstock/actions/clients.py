"""Services that an action asks, with its own session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from penstock.actions.contract import Start
from penstock.flow.action_sessions import session_of
from penstock.services import own_endpoint
from penstock.services.own_endpoint import AWAY, Client, Way
from penstock.store import Store

__all__ = ["AWAY", "Client", "ask"]

T = TypeVar("T")


async def ask(store: Store, start: Start, service: str, act: Callable[[Client], T]) -> T:
    """What `act` returns, which is given a client with the action's session. Raises AwsError."""
    way = Way(service, start.action.region or start.name.region, start.endpoint)
    return await own_endpoint.ask(store, session_of(start), way, act, f"action {start.id}")
