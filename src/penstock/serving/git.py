"""Hosted repositories over HTTP: `git push http://127.0.0.1:4545/git/app main`.

Also by the path that CodeCommit has, `/v1/repos/app`, and with a region, `/git/eu-west-1/app`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from psycopg import Error as DatabaseError
from starlette.responses import PlainTextResponse

from penstock.errors import AwsError
from penstock.flow.repositories import changing
from penstock.serving.git_backend import Backend, BackendError
from penstock.serving.git_credentials import Basic, Place, proves, read_basic
from penstock.state.calls import Principal
from penstock.state.recorded_repositories import Repository
from penstock.store import Store
from penstock.store.access_keys import KnownKey, find_key
from penstock.store.repositories import find_in_regions
from penstock.store.repository_folders import GitError, is_here
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity
from penstock.wire.request import Head

LOG = logging.getLogger("penstock.git")
PREFIXES = ("/git/", "/v1/repos/")
UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
_REALM = {"www-authenticate": 'Basic realm="Penstock", charset="UTF-8"'}
_PATH = re.compile(
    r"(?P<place>/(?:git(?:/(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]+))?|v1/repos)"
    r"/(?P<name>[A-Za-z0-9_.-]{1,100}))/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"
)
_PROTOCOL = re.compile(r"[\w=.:-]{1,100}", re.ASCII)


class Refusal(Exception):
    """An answer that is not git's own."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


class Address(NamedTuple):
    """`place` is the path of the repository as it was written, `service` what is to be done."""

    place: str
    region: str
    name: str
    rest: str
    service: str


class Visit(NamedTuple):
    """Who comes, to which repository."""

    repository: Repository
    caller: Principal


class GitHosting:
    """An ASGI application. `region` is that of paths that name none, where it has the name."""

    def __init__(self, store: Store, identity: Identity, *, account: str, region: str) -> None:
        self._store = store
        self._identity = identity
        self._root = Principal(account, f"arn:aws:iam::{account}:root", account)
        self._region = region

    def serves(self, scope: Scope) -> bool:
        """Whether a request is git's: a bucket may be called `git`, but is asked with a signature,
        or by its host name."""
        path: str = scope["path"]
        if not path.startswith(PREFIXES):
            return False
        query = scope["query_string"].lower()
        if any(word in query for word in (b"x-amz-", b"awsaccesskeyid")):
            return False
        if any(name == b"authorization" and text[:3] == b"AWS" for name, text in scope["headers"]):
            return False
        with suppress(AwsError):
            return not self._identity.admit(Head(scope)).bucket
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        backend = Backend(receive, send)
        try:
            await self._serve(Head(scope), backend)
            return
        except Refusal as found:
            refusal = found
        except AwsError as error:
            refusal = Refusal(error.status, error.message)
        except (DatabaseError, OSError) as error:
            LOG.error("no push or fetch at the moment: %s", error)
            refusal = Refusal(503, "The server's memory is away at the moment. Try again.")
        except BackendError as error:
            LOG.error("git http-backend has not answered: %s", error)
            refusal = Refusal(500, "git could not be asked. The server's log says why.")
        if backend.begun:
            raise refusal  # half of an answer must not look like the whole of one
        answer = PlainTextResponse(refusal.text + "\n", refusal.status, refusal.headers)
        await answer(scope, receive, send)

    async def _serve(self, head: Head, backend: Backend) -> None:
        self._identity.admit(head)
        address = read_address(head)
        visit = await self._visit(head, address)
        variables = cgi_variables(head, address, visit)
        if address.rest != RECEIVE:
            await backend.run(variables)
            return
        async with _Recorded(self._store, visit) as recorded:
            await backend.run(variables, hold=(recorded.held,), before_end=recorded.end)

    def _prove(
        self,
        head: Head,
        address: Address,
        basic: Basic | None,
        key: KnownKey | None,
        regions: Collection[str],
    ) -> str:
        """The region that credentials are for, "" for any. Raises Refusal."""
        place = Place(head.host, address.place)
        proven = None
        if basic is not None and key is not None:
            proven = proves(basic, key, place, sorted(regions), datetime.now(UTC))
        if proven is None:
            raise _unauthorized(basic)
        return proven

    async def _visit(self, head: Head, address: Address) -> Visit:
        """Raises Refusal."""
        basic = read_basic(head.headers.get("authorization", ""))
        key = None
        if basic is not None and basic.access_key_id:
            key = await find_key(self._store.database, self._store.sealer, basic.access_key_id)
        caller = self._root if key is None else key.principal
        there = await find_in_regions(self._store.database, caller.account, address.name)
        region = address.region
        if not self._identity.believes(head):
            regions = {region} if region else {self._region, *(one.region for one in there)}
            region = self._prove(head, address, basic, key, regions) or region
        repository = choose(there, region, self._region)
        if repository is None or not is_here(repository.folder):
            raise Refusal(
                404,
                f"There is no repository {address.name}. Make it with"
                f" `aws codecommit create-repository --repository-name {address.name}`.",
            )
        return Visit(repository, caller)


def _unauthorized(basic: Basic | None) -> Refusal:
    what = "These credentials are not valid, or no longer." if basic else "Who are you?"
    return Refusal(
        401,
        f"{what} User and password are a key of `penstock keys`, or what the credential helper of"
        " the AWS CLI makes of one.",
        _REALM,
    )


def read_address(head: Head) -> Address:
    """Raises Refusal."""
    found = _PATH.fullmatch(head.path)
    if found is None:
        raise Refusal(404, "There is nothing here: repositories are at /git/NAME.")
    rest = found["rest"]
    if rest == "info/refs":
        service = head.query.get("service", "")
        if service not in (UPLOAD, RECEIVE):
            raise Refusal(403, "Only git's smart protocol is spoken here.")
    else:
        service = rest
    allowed = ("GET", "HEAD") if rest == "info/refs" else ("POST",)
    if head.method not in allowed:
        raise Refusal(405, f"{head.method} is not for this.", {"allow": ", ".join(allowed)})
    name = found["name"].removesuffix(".git")
    return Address(found["place"], found["region"] or "", name, rest, service)


def choose(there: list[Repository], region: str, default: str) -> Repository | None:
    """Of repositories of one name in several regions: that of the region, the default one, or the
    only one there is."""
    by_region = {one.region: one for one in there}
    if region:
        return by_region.get(region)
    if default in by_region:
        return by_region[default]
    return there[0] if len(there) == 1 else None


def cgi_variables(head: Head, address: Address, visit: Visit) -> dict[str, str]:
    """What git http-backend is told of a request; nothing of it is the client's own words but what
    has been looked at."""
    repository = visit.repository
    variables = {
        "GIT_PROJECT_ROOT": repository.root,
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.id}.git/{address.rest}",
        "QUERY_STRING": f"service={address.service}" if address.rest == "info/refs" else "",
        "REQUEST_METHOD": head.method,
        "REMOTE_ADDR": head.peer,
        "REMOTE_USER": visit.caller.arn,
    }
    for variable, name in (
        ("CONTENT_TYPE", "content-type"),
        ("CONTENT_LENGTH", "content-length"),
        ("HTTP_CONTENT_ENCODING", "content-encoding"),
    ):
        if value := head.headers.get(name):
            variables[variable] = value
    protocol = head.headers.get("git-protocol", "")
    if _PROTOCOL.fullmatch(protocol):
        variables["GIT_PROTOCOL"] = protocol
    return variables


class _Recorded:
    """A push: what it changes is recorded before the client hears of its end, or, where the client
    has gone, right after it."""

    def __init__(self, store: Store, visit: Visit) -> None:
        self._changing = changing(store, visit.repository, visit.caller.arn)
        self._ended = False
        self.held = -1

    async def __aenter__(self) -> _Recorded:
        self.held = await self._changing.__aenter__()
        return self

    async def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        try:
            await self._changing.__aexit__(None, None, None)
        except (DatabaseError, GitError) as error:
            # The push is done, and noted as one that is still to be recorded.
            LOG.error("a push will be recorded later: %s", error)
        except Exception:
            LOG.exception("a push will be recorded later")

    async def __aexit__(self, *_: object) -> None:
        await self.end()
