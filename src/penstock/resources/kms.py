"""Keys of KMS, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_there
from penstock.resources.sandboxed import Sandboxed, changed, needed
from penstock.resources.shaping import check_names, request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_KEY = (
    "BypassPolicyLockoutSafetyCheck", "Description", "KeySpec", "KeyUsage", "MultiRegion",
    "Origin", "Policy",
)  # fmt: skip
_APART = ("EnableKeyRotation", "Enabled", "PendingWindowInDays", "RotationPeriodInDays", "Tags")
_LONGEST = 30  # days until a key that is deleted is gone


class Key(Sandboxed):
    """A create that is done again makes another key: nothing says of one which task made it."""

    comes_back = False

    async def make(self, job: Job) -> str:
        asked = _request(job)
        asked["Tags"] = as_list(tags_of(job), "TagKey", "TagValue")
        return str((await job.cloud.ask("kms", "CreateKey", **asked))["KeyMetadata"]["KeyId"])

    async def change(self, job: Job) -> None:
        which, asked = {"KeyId": job.physical_id}, _request(job)
        if changed(job, "Description"):
            told = asked.get("Description", "")
            await job.cloud.ask("kms", "UpdateKeyDescription", **which, Description=told)
        if changed(job, "KeyPolicy") and "Policy" in asked:
            policy = {"PolicyName": "default", "Policy": asked["Policy"]}
            await job.cloud.ask("kms", "PutKeyPolicy", **which, **policy)
        change = tag_change(job)
        if change.gone:
            await job.cloud.ask("kms", "UntagResource", **which, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put, "TagKey", "TagValue")
            await job.cloud.ask("kms", "TagResource", **which, Tags=tags)

    async def complete(self, job: Job, physical_id: str) -> None:
        if _is(job.properties, "EnableKeyRotation") != _is(job.previous, "EnableKeyRotation"):
            on = _is(job.properties, "EnableKeyRotation")
            await job.cloud.ask("kms", f"{_WORD[on]}KeyRotation", KeyId=physical_id)
        if _is(job.properties, "Enabled", True) != _is(job.previous, "Enabled", True):
            on = _is(job.properties, "Enabled", True)
            await job.cloud.ask("kms", f"{_WORD[on]}Key", KeyId=physical_id)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        place = f"arn:aws:kms:{job.stack.region}:{job.stack.account}"
        return {"Arn": f"{place}:key/{physical_id}", "KeyId": physical_id}

    async def remove(self, job: Job) -> None:
        """It is gone when its days of waiting have passed, as at AWS."""
        found = await job.cloud.ask("kms", "DescribeKey", KeyId=job.physical_id)
        if found["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return
        days = int(job.properties.get("PendingWindowInDays", _LONGEST))
        asked = {"KeyId": job.physical_id, "PendingWindowInDays": days}
        await job.cloud.ask("kms", "ScheduleKeyDeletion", **asked)


_WORD = {True: "Enable", False: "Disable"}


def _request(job: Job) -> dict[str, Any]:
    named = {
        "Policy" if name == "KeyPolicy" else name: job.properties[name] for name in job.properties
    }
    return request_of("kms", "CreateKeyRequest", named, _KEY, _APART)


def _is(properties: Mapping[str, Any], name: str, default: bool = False) -> bool:
    return str(properties.get(name, default)).lower() == "true"


class Alias(Sandboxed):
    comes_back = False

    async def make(self, job: Job) -> str:
        check_names(job.properties, ("AliasName", "TargetKeyId"))
        needed(job.properties, "AliasName", "TargetKeyId")
        await unless_there(job, job.cloud.ask("kms", "CreateAlias", **_alias(job)))
        return str(job.properties["AliasName"])

    async def change(self, job: Job) -> None:
        await job.cloud.ask("kms", "UpdateAlias", **_alias(job))

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("kms", "DeleteAlias", AliasName=job.physical_id)


def _alias(job: Job) -> dict[str, str]:
    return {name: str(job.properties[name]) for name in ("AliasName", "TargetKeyId")}


HANDLERS: Mapping[str, Handler] = {"AWS::KMS::Alias": Alias(), "AWS::KMS::Key": Key()}
