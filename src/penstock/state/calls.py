"""An API call as a service sees it: who asks what of which account, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple


class Principal(NamedTuple):
    """Who calls: a user, or a session of a role.

    `user_id` is the unique id AWS would give (`AIDA…`, `AROA…:session`). `access_key_id` is empty
    for an anonymous caller.
    """

    account: str
    arn: str
    user_id: str
    access_key_id: str = ""


class Call(NamedTuple):
    """One API call. `now` is when it came, in UTC; services read no other clock.

    `endpoint` is the address the caller used, such as `http://127.0.0.1:4545`. `headers`
    are in lower case, for the few answers that depend on what no model has.
    """

    service: str
    operation: str
    principal: Principal
    region: str
    request_id: str
    now: datetime
    endpoint: str
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def account(self) -> str:
        return self.principal.account

    def arn(self, resource: str) -> str:
        """The ARN of a resource of this call's service, account and region."""
        return f"arn:aws:{self.service}:{self.region}:{self.account}:{resource}"
