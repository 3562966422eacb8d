"""Bucket policies, and what blocks public ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.services.s3.access import own_bucket
from penstock.services.s3.settings import setting
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import set_setting

LONGEST = 20 << 10  # bytes
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NO_POLICY = ("NoSuchBucketPolicy", "The bucket policy does not exist")
_NO_BLOCK = (
    "NoSuchPublicAccessBlockConfiguration",
    "The public access block configuration was not found",
)


class Policies(Service):
    async def put_bucket_policy(self, call: Call, request: Request) -> Answer:
        text = request["Policy"]
        policy = _parsed(text)
        bucket = await own_bucket(self.store, call, request)
        _check_statements(policy, bucket.name)
        blocked = bucket.settings.get("publicAccessBlock", {}).get("BlockPublicPolicy")
        if blocked and is_public(policy):
            raise AwsError(
                "AccessDenied",
                f"User: {call.principal.arn} is not authorized to perform: s3:PutBucketPolicy on"
                f' resource: "arn:aws:s3:::{bucket.name}" because public policies are blocked by'
                " the BlockPublicPolicy setting in S3 Block Public Access.",
                403,
            )
        await set_setting(self.store.database, bucket, "policy", {"Policy": text})
        return {}

    async def get_bucket_policy(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return setting(bucket, "policy", _NO_POLICY)

    async def delete_bucket_policy(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "policy", None)
        return {}

    async def get_bucket_policy_status(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        policy = json.loads(setting(bucket, "policy", _NO_POLICY)["Policy"])
        return {"PolicyStatus": {"IsPublic": is_public(policy)}}

    async def put_public_access_block(self, call: Call, request: Request) -> Answer:
        asked = request["PublicAccessBlockConfiguration"]
        bucket = await own_bucket(self.store, call, request)
        blocks = {name: bool(asked.get(name)) for name in BLOCKS}
        await set_setting(self.store.database, bucket, "publicAccessBlock", blocks)
        return {}

    async def get_public_access_block(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        blocks = setting(bucket, "publicAccessBlock", _NO_BLOCK)
        return {"PublicAccessBlockConfiguration": blocks}

    async def delete_public_access_block(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "publicAccessBlock", None)
        return {}


def is_public(policy: Mapping[str, Any]) -> bool:
    """Whether it lets everybody in: allows a principal of `*` without any condition."""
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and "*" in _listed(_principals(statement))
        for statement in _listed(policy["Statement"])
    )


def _principals(statement: Mapping[str, Any]) -> Any:
    principal = statement.get("Principal", [])
    return principal.get("AWS", []) if isinstance(principal, dict) else principal


def _parsed(text: str) -> dict[str, Any]:
    if len(text.encode()) > LONGEST:
        raise _malformed(f"Policy exceeds the maximum allowed document size of {LONGEST} bytes.")
    try:
        policy = json.loads(text) if text.startswith("{") else None
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    return policy


def _check_statements(policy: Mapping[str, Any], bucket: str) -> None:
    if not policy.get("Statement"):
        raise _malformed("Missing required field Statement")
    for statement in _listed(policy["Statement"]):
        if not isinstance(statement, dict):
            raise _malformed("Syntax errors in policy.")
        for names in (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction")):
            if not any(name in statement for name in names):
                raise _malformed(f"Missing required field {names[0]}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise _malformed(f"Invalid effect: {statement['Effect']}")
        _check_resources(statement, bucket)


def _check_resources(statement: Mapping[str, Any], bucket: str) -> None:
    resources = _listed(statement.get("Resource", statement.get("NotResource", [])))
    if not resources:
        raise _malformed("Missing required field Resource")
    for resource in resources:
        name = str(resource).removeprefix("arn:aws:s3:::").partition("/")[0]
        if not str(resource).startswith("arn:aws:s3:::") or ("*" not in name and name != bucket):
            raise _malformed("Policy has invalid resource")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)
