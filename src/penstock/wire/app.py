"""The server of AWS's API: an ASGI application that speaks every protocol for every service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from psycopg import InterfaceError, OperationalError

from penstock.errors import AwsError
from penstock.services.service import Service
from penstock.state.calls import Call
from penstock.wire.answer import Incoming
from penstock.wire.body import Disconnected, join, read_body, replay, stream_body, unzip
from penstock.wire.compiling import Malformed
from penstock.wire.elsewhere import Elsewhere, Receive, Scope, Send
from penstock.wire.exchange import Exchange
from penstock.wire.identity import Caller, Identity
from penstock.wire.plans import Plan, make_plan
from penstock.wire.request import Head, read_pairs
from penstock.wire.routing import Address, choose_protocol, find_operation, find_service, is_form
from penstock.wire.s3_ways import path_of
from penstock.wire.uploads import Upload

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """In bytes: of a request's head, of a body that is read whole, of one that goes elsewhere and
    has to be read to verify who sent it."""

    head: int = 16 << 10
    body: int = 6 << 20
    elsewhere: int = 100 << 20


LIMITS = Limits()


class WireApp:
    """The way of a request: its head; is it for us; which service; who calls; which operation;
    the handler; the answer. Errors on the way are answered in the service's own protocol.

    `services` are those that are real, by botocore's names; requests for others go `elsewhere`.
    Run uvicorn with `date_header=False, server_header=False`: answers have both already.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        identity: Identity,
        elsewhere: Elsewhere,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits = LIMITS,
    ) -> None:
        self._services = services
        self._identity = identity
        self._elsewhere = elsewhere
        self._clock = clock
        self._limits = limits
        self._plans: dict[tuple[str, str, str], Plan] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send, self._clock())
        try:
            await self._serve(exchange)
        except Disconnected:
            pass
        except AwsError as error:
            await exchange.fault(error)
        except (OperationalError, InterfaceError) as error:
            log.error("no database for request %s: %s", exchange.request_id, error)
            await exchange.fault(AwsError("ServiceUnavailable", "Please try again.", 503))
        except Exception:
            log.exception("request %s failed", exchange.request_id)
            if exchange.begun:
                raise
            code = "InternalError" if exchange.s3 else "InternalFailure"
            message = f"An internal error occurred in request {exchange.request_id}."
            await exchange.fault(AwsError(code, message, 500))

    async def _serve(self, exchange: Exchange) -> None:
        head = Head(exchange.scope, self._limits.head)
        host = self._identity.admit(head)
        body, form = None, {}
        if is_form(head):
            exchange.speaks = _speaks(head, {"Action": ""})
            body = await read_body(exchange.receive, self._limits.body)
            form = dict(reversed(read_pairs(body)))
        exchange.speaks = service, _ = _speaks(head, form)
        if service not in self._services:
            await self._pass_on(exchange, head, service, body)
            return
        path = path_of(head, host.bucket) if exchange.s3 else head.path
        address = find_operation(head, service, form, path)
        exchange.scope["penstock.operation"] = service, address.operation
        plan = self._plan(address)
        caller, incoming = await self._receive(exchange, head, address, plan, body)
        request = plan.read(incoming, service)
        call = Call(
            service,
            address.operation,
            caller.principal,
            caller.region,
            exchange.request_id,
            exchange.now,
            f"{head.scheme}://{head.host}",
            head.headers,
        )
        answer = await _handled(plan, call, request, incoming)
        await exchange.answer(plan.writer(answer, exchange.request_id))

    def _plan(self, address: Address) -> Plan:
        key = address[:3]
        plan = self._plans.get(key)
        if plan is None:
            plan = make_plan(self._services[address.service], *key)
            self._plans[key] = plan
        return plan

    async def _receive(
        self, exchange: Exchange, head: Head, address: Address, plan: Plan, body: bytes | None
    ) -> tuple[Caller, Incoming]:
        """Who calls, and the request taken apart; S3's callers are known before the body comes."""
        limit = max(self._limits.body, self._services[address.service].body_limit)
        now, labels = exchange.now, address.labels
        receive = exchange.receive if body is None else replay(body, exchange.receive)
        if exchange.s3:
            caller = await self._identity.identify(head, "s3", None, now)
            if head.method in ("GET", "HEAD"):
                return caller, Incoming(head, labels, b"")
            upload = Upload(stream_body(receive), head.headers, caller.signer)
            body = b"" if plan.streams else await join(upload, limit)
            return caller, Incoming(head, labels, body, upload)
        if plan.streams:
            caller = await self._identity.identify(head, address.service, None, now)
            return caller, Incoming(head, labels, b"", stream_body(receive))
        body = await read_body(receive, limit)
        caller = await self._identity.identify(head, address.service, body, now)
        if head.headers.get("content-encoding") == "gzip":
            body = _unzipped(body, limit, plan)
        return caller, Incoming(head, labels, body)

    async def _pass_on(
        self, exchange: Exchange, head: Head, service: str, body: bytes | None
    ) -> None:
        if body is None and not self._identity.believes(head):
            body = await read_body(exchange.receive, self._limits.elsewhere)
        caller = await self._identity.identify(head, service, body, exchange.now)
        receive = exchange.receive if body is None else replay(body, exchange.receive)
        await self._elsewhere(
            service, exchange.scope, receive, exchange.send, caller.principal, caller.region
        )


def _speaks(head: Head, form: Mapping[str, str]) -> tuple[str, str]:
    """Service and protocol."""
    service = find_service(head, form)
    return service, choose_protocol(head, service, form)


async def _handled(
    plan: Plan, call: Call, request: dict[str, Any], incoming: Incoming
) -> dict[str, Any]:
    """The handler's answer. What went wrong with an upload goes before what came of that."""
    upload = incoming.stream
    try:
        return await plan.handler(call, request) or {}
    except Exception:
        if isinstance(upload, Upload) and upload.failure is not None:
            raise upload.failure from None
        raise


def _unzipped(body: bytes, limit: int, plan: Plan) -> bytes:
    try:
        return unzip(body, limit)
    except Malformed as error:
        raise AwsError(plan.dialect.malformed, str(error)) from None
