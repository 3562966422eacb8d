"""The rest of AWS: simulated in this process, or forwarded to where the settings say."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.errors import not_implemented
from penstock.sandbox.forwarding import Aws, Emulator
from penstock.sandbox.simulation import Simulation
from penstock.state.calls import Principal
from penstock.wire.elsewhere import Elsewhere, Receive, Scope, Send

UNSIMULATED = frozenset({"codedeploy"})
"""Simulated only where the settings say so: this makes things happen in services that are real
here, and a simulation of it would answer as if it did."""


class Sandbox:
    """Answers each service by what `services` names for it: `sandbox`, `aws` or a URL."""

    def __init__(self, services: Mapping[str, str]) -> None:
        self._services = dict(services)
        simulation, aws = Simulation(), Aws()
        self._answerers: dict[str, Elsewhere] = {"sandbox": simulation, "aws": aws}
        for where in set(services.values()) - set(self._answerers):
            self._answerers[where] = Emulator(where)

    async def __call__(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        principal: Principal,
        region: str,
    ) -> None:
        where = self._services.get(service)
        if where is None and service in UNSIMULATED:
            raise not_implemented(service)
        scope["penstock.operation"] = (service, "")
        answerer = self._answerers[where or "sandbox"]
        await answerer(service, scope, receive, send, principal, region)
