"""EventBridge: buses, rules with patterns and schedules, targets, events put by callers."""

from __future__ import annotations

from penstock.services.events.buses import Buses
from penstock.services.events.permissions import Permissions
from penstock.services.events.putting import Putting
from penstock.services.events.rules import Rules
from penstock.services.events.tags import Tags
from penstock.services.events.targets import Targets


class Events(Buses, Permissions, Rules, Targets, Putting, Tags):
    """Archives, replays, connections, API destinations, endpoints and partners are not there."""
