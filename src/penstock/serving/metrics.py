"""`/metrics`: requests and the queue, as Prometheus reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from penstock.serving.watching import Answered
from penstock.store import Store
from penstock.store.figures import figures

_GAUGES = {
    "job": ("penstock_jobs", "Jobs in the queue"),
    "build": ("penstock_builds", "Builds that wait or run"),
    "ended": ("penstock_builds_ended", "Builds that ended in the last hour"),
}
_ALWAYS = {
    "job": ("todo", "doing"),
    "build": ("queued", "running"),
    "ended": ("succeeded", "failed"),
}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    def __init__(self, store: Store) -> None:
        self._store = store
        # Each series would have another that says when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "penstock_requests",
            "Requests answered",
            ("service", "operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "penstock_request_seconds",
            "Seconds until the answer began",
            ("service", "operation"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges = {
            kind: Gauge(name, help_, ("status",), registry=self._registry)
            for kind, (name, help_) in _GAUGES.items()
        }

    def count(self, answered: Answered) -> None:
        key = answered.service, answered.operation, answered.status
        known = self._known.get(key)
        if known is None:  # the library looks for labels under a lock, at ten times the cost
            labels = key[:2]
            requests = self._requests.labels(*labels, str(answered.status))
            known = self._known[key] = requests, self._seconds.labels(*labels)
        known[0].inc()
        known[1].observe(answered.seconds)

    async def page(self, _: Request) -> Response:
        found = await figures(self._store.database, datetime.now(UTC))
        for kind, gauge in self._gauges.items():
            gauge.clear()
            for status in _ALWAYS[kind]:
                gauge.labels(status).set(0)
        for figure in found:
            self._gauges[figure.kind].labels(figure.status.lower()).set(figure.amount)
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
