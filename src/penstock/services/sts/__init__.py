"""STS: who one is, and temporary keys."""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.services.service import Service
from penstock.state.calls import Call, Principal
from penstock.store.access_keys import find_key, issue_key

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:[!-.0-~]+/)*([\w+=,.@-]{1,64})")
_SESSION = re.compile(r"[\w+=,.@-]*")
_HOUR = 3600


class Sts(Service):
    """Temporary keys expire where they are verified.

    Roles are not looked up: IAM is the sandbox's, so any well-formed role's ARN can be assumed, and
    nobody's policy is asked. What would make the session less powerful than that (Policy,
    PolicyArns) or prove more than its key (MFA) is refused, as it would not be true. Tags, the
    external id and the source identity have no effect on who may do what.
    """

    async def get_caller_identity(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        principal = call.principal
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    async def get_access_key_info(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        """The account of a key; raises ValidationError for one that was not issued here."""
        key_id = request["AccessKeyId"]
        key = await find_key(self.store.database, self.store.sealer, key_id)
        if key is None:
            raise AwsError("ValidationError", f"There is no access key {key_id}")
        return {"Account": key.principal.account}

    async def assume_role(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        """Raises AwsError: ValidationError for an ARN, a name or a duration."""
        _refuse_unkept("AssumeRole", request)
        role, session = request["RoleArn"], request["RoleSessionName"]
        duration = request.get("DurationSeconds", _HOUR)
        if duration > _HOUR and ":assumed-role/" in call.principal.arn:
            raise AwsError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed"
                " by role chaining",
            )
        principal = assumed_role(role, session)
        answer = {
            "Credentials": await self._issue(call, principal, duration),
            "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
        }
        if "SourceIdentity" in request:
            answer["SourceIdentity"] = request["SourceIdentity"]
        return answer

    async def get_session_token(self, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        _refuse_unkept("GetSessionToken", request)
        principal = call.principal
        if ":assumed-role/" in principal.arn or principal.access_key_id.startswith("ASIA"):
            raise AwsError(
                "AccessDenied", "Cannot call GetSessionToken with session credentials", 403
            )
        duration = request.get("DurationSeconds", 12 * _HOUR)
        if principal.arn.endswith(":root"):  # as AWS does, without complaint
            duration = min(duration, _HOUR)
        return {"Credentials": await self._issue(call, principal, duration)}

    async def _issue(self, call: Call, principal: Principal, seconds: int) -> dict[str, Any]:
        expires = call.now + timedelta(seconds=seconds)
        async with self.store.database.transaction() as connection:
            key = await issue_key(
                connection,
                self.store.sealer,
                principal,
                now=call.now,
                expires=expires,
                description=f"{call.operation} by {call.principal.arn}",
            )
        return {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": key.session_token,
            "Expiration": expires,
        }


def assumed_role(role_arn: str, session: str) -> Principal:
    """The principal that a session of a role is. Raises AwsError (ValidationError)."""
    role = _ROLE.fullmatch(role_arn)
    if not role:
        raise AwsError("ValidationError", f"{role_arn} is invalid")
    if not _SESSION.fullmatch(session):
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{session}' at 'roleSessionName' failed to"
            r" satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
        )
    account, name = role.groups()
    unique = "AROA" + b32encode(sha256(role_arn.encode()).digest()).decode()[:17]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    return Principal(account, arn, f"{unique}:{session}")


def _refuse_unkept(operation: str, request: dict[str, Any]) -> None:
    for member in ("Policy", "PolicyArns", "SerialNumber", "TokenCode", "ProvidedContexts"):
        if request.get(member):
            raise not_implemented(f"sts.{operation}.{member}")
