"""The services as whoever makes a stack's resources asks them.

Real ones are called in this process, with what a request from outside would have been checked for;
others through the server's own endpoint, by clients and with a key that are kept: a stack asks
hundreds of times.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any
from uuid import uuid4

from botocore import xform_name
from botocore.validate import ParamValidator

from penstock.errors import AwsError
from penstock.services import SERVICES, make_service
from penstock.services.own_endpoint import AWAY, Client, Way, make_client, told_as_aws_does
from penstock.services.service import Service
from penstock.state.calls import Call, Principal
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key
from penstock.store.facts import recall
from penstock.store.sandboxed_stacks import find_sandbox
from penstock.wire.catalogue import load_model

LASTS = timedelta(hours=1)
"""How long a key is good; a new one is issued when half of it is over."""
MOST_KEYS = 64  # kept, one for each principal
MOST_CLIENTS = 32  # kept; each takes a megabyte or more

Answer = dict[str, Any]


_READING = ("BatchGet", "Describe", "Get", "Head", "List")


class Unanswered(Exception):
    """Nobody answers at the server's endpoint, or not as before: it may be starting again."""


class Clouds:
    """What this process keeps for all that it asks: services, keys, clients."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._services: dict[str, Service] = {}
        self._keys: OrderedDict[Principal, tuple[IssuedKey, datetime]] = OrderedDict()
        self._issuing = asyncio.Lock()
        self._clients: OrderedDict[tuple[Way, str], Client] = OrderedDict()
        self._making = Lock()
        self._session: Any = None

    def service(self, name: str) -> Service:
        if name not in self._services:
            self._services[name] = make_service(name, self.store)
        return self._services[name]

    async def key(self, principal: Principal) -> IssuedKey:
        """A key of the principal's, which others of its stacks' operations use too."""
        async with self._issuing:
            now = datetime.now(UTC)
            known = self._keys.get(principal)
            if known is None or known[1] < now + LASTS / 2:
                async with self.store.database.transaction() as connection:
                    key = await issue_key(
                        connection,
                        self.store.sealer,
                        principal,
                        now=now,
                        expires=now + LASTS,
                        description="resources of stacks",
                    )
                known = self._keys[principal] = (key, now + LASTS)
            self._keys.move_to_end(principal)
            while len(self._keys) > MOST_KEYS:
                self._keys.popitem(last=False)
            return known[0]

    def client(self, way: Way, key: IssuedKey) -> Client:
        """One for each service, place and key. Clients take long to make."""
        with self._making:
            made = (way, key.access_key_id)
            if made not in self._clients:
                if self._session is None:
                    import botocore.session

                    self._session = botocore.session.Session()
                self._clients[made] = make_client(self._session, way, key)
            self._clients.move_to_end(made)
            while len(self._clients) > MOST_CLIENTS:
                self._clients.popitem(last=False)
            return self._clients[made]


class StackCloud:
    """The `Cloud` of a stack's operation (`resources.contract`)."""

    def __init__(
        self,
        clouds: Clouds,
        principal: Principal,
        region: str,
        endpoint: str,
        *,
        filling: bool = False,
    ) -> None:
        """`filling` is for who fills the sandbox again: all others wait for that."""
        self._clouds = clouds
        self.principal = principal
        self.endpoint = endpoint
        self.store = clouds.store
        self._principal = principal._replace(access_key_id="")
        self._region = region
        self._filling = filling
        self._sandbox: str | None = None
        self.has_acted = False
        """Whether anything was asked for that may have changed something."""

    async def ask(self, service: str, operation: str, **request: Any) -> Answer:
        """Raises AwsError, and Unanswered."""
        self.has_acted |= not operation.startswith(_READING)
        if service in SERVICES:
            return await self._ask_here(service, operation, request)
        if not self.endpoint:
            raise Unanswered("no server has told its endpoint yet")
        if self._sandbox is None and not self._filling:
            self._sandbox = await self._find_sandbox()
        key = await self._clouds.key(self._principal)
        way = Way(service, self._region, self.endpoint)
        return await asyncio.to_thread(self._ask_there, way, key, operation, request)

    async def check(self) -> None:
        """Raises Unanswered where what has answered has begun anew since: it forgot all of it."""
        if self._sandbox is not None and self._sandbox != await self._find_sandbox():
            raise Unanswered("the server has begun anew")

    async def _find_sandbox(self) -> str:
        found = await find_sandbox(self.store.database)
        if found is None:
            raise Unanswered("the sandbox is being filled again")
        return found

    async def _ask_here(self, service: str, operation: str, request: Answer) -> Answer:
        handler = self._clouds.service(service).handler(operation)
        check_request(service, operation, request)
        call = Call(
            service,
            operation,
            self._principal,
            self._region,
            str(uuid4()),
            datetime.now(UTC),
            self.endpoint,
        )
        answer = await handler(call, request) or {}
        return {
            name: await _joined(value) if isinstance(value, AsyncIterable) else value
            for name, value in answer.items()
            if not name.startswith("@")
        }

    def _ask_there(self, way: Way, key: IssuedKey, operation: str, request: Answer) -> Answer:
        with _unanswered(), told_as_aws_does():
            client = self._clouds.client(way, key)
            answer: Answer = getattr(client, xform_name(operation))(**request)
            answer.pop("ResponseMetadata", None)
            return {name: _read(value) for name, value in answer.items()}


@contextmanager
def _unanswered() -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        if error.code == AWAY:
            raise Unanswered(error.message) from None
        raise


async def _joined(body: AsyncIterable[bytes]) -> bytes:
    return b"".join([piece async for piece in body])


def _read(value: Any) -> Any:
    """Bodies whole: whoever asks has no thread to wait for them in."""
    return value.read() if callable(getattr(value, "read", None)) else value


def check_request(service: str, operation: str, request: Mapping[str, Any]) -> None:
    """Raises AwsError for a request that no client would send."""
    shape = _input_shape(service, operation)
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise AwsError("ValidationException", report.generate_report())


@cache
def _input_shape(service: str, operation: str) -> Any:
    return load_model(service).operation_model(operation).input_shape


async def endpoint_of(store: Store) -> str:
    """The server's own address, "" before it has told it."""
    return str(await recall(store.database, "endpoint") or "")
