"""What EventBridge owns: rules with their targets, buses, and who may put events on these.

Archives, connections and API destinations are not here, as the service has none.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.contract import Handler
from penstock.resources.events.buses import EventBus, EventBusPolicy
from penstock.resources.events.rules import Rule

HANDLERS: Mapping[str, Handler] = {
    "AWS::Events::EventBus": EventBus(),
    "AWS::Events::EventBusPolicy": EventBusPolicy(),
    "AWS::Events::Rule": Rule(),
}
