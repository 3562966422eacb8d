"""CloudWatch Logs without Insights, subscriptions and exports (TG-040 to TG-052)."""

from __future__ import annotations

from penstock.services.logs.events import Events
from penstock.services.logs.groups import Groups
from penstock.services.logs.metric_filters import MetricFilters
from penstock.services.logs.streams import Streams
from penstock.services.logs.tags import Tags
from penstock.services.logs.tail import Tail


class Logs(Groups, Streams, Events, Tail, MetricFilters, Tags):
    """Log groups, streams, events, metric filters and tags."""
