"""Distributions of CloudFront, in the sandbox: nobody answers at their domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.model_shapes import shapes_of
from penstock.errors import AwsError
from penstock.resources.contract import Answer, Handler, Job
from penstock.resources.existence import unless_there
from penstock.resources.sandboxed import Sandboxed, needed
from penstock.resources.shaping import check_names, shaped
from penstock.resources.tags import as_list, tag_change, tags_of

_RENAMED = {
    "cnames": "Aliases",
    "ipv6enabled": "IsIPV6Enabled",
    "locations": "Items",
    "origincustomheaders": "CustomHeaders",
}
"""What templates call otherwise than the API does, in lower case."""


class Distribution(Sandboxed):
    comes_back = False

    async def make(self, job: Job) -> str:
        config, tags = _config(job, str(job.task.id)), as_list(tags_of(job))
        asked = {"DistributionConfig": config, "Tags": {"Items": tags}}
        operation = "CreateDistributionWithTags"
        made = await unless_there(
            job, job.cloud.ask("cloudfront", operation, DistributionConfigWithTags=asked)
        )
        return str(made["Distribution"]["Id"]) if made else await _made_before(job)

    async def change(self, job: Job) -> None:
        found = await job.cloud.ask("cloudfront", "GetDistributionConfig", Id=job.physical_id)
        config = _config(job, str(found["DistributionConfig"]["CallerReference"]))
        asked = {"Id": job.physical_id, "IfMatch": found["ETag"], "DistributionConfig": config}
        await job.cloud.ask("cloudfront", "UpdateDistribution", **asked)
        change = tag_change(job)
        arn = f"arn:aws:cloudfront::{job.stack.account}:distribution/{job.physical_id}"
        if change.gone:
            keys = {"Items": change.gone}
            await job.cloud.ask("cloudfront", "UntagResource", Resource=arn, TagKeys=keys)
        if change.put:
            tags = {"Items": as_list(change.put)}
            await job.cloud.ask("cloudfront", "TagResource", Resource=arn, Tags=tags)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        found = await job.cloud.ask("cloudfront", "GetDistribution", Id=physical_id)
        return {"DomainName": found["Distribution"]["DomainName"], "Id": physical_id}

    async def remove(self, job: Job) -> None:
        found = await job.cloud.ask("cloudfront", "GetDistributionConfig", Id=job.physical_id)
        which = {"Id": job.physical_id, "IfMatch": found["ETag"]}
        await job.cloud.ask("cloudfront", "DeleteDistribution", **which)


async def _made_before(job: Job) -> str:
    """The distribution that an earlier attempt at this task has made."""
    listed = (await job.cloud.ask("cloudfront", "ListDistributions"))["DistributionList"]
    for each in listed.get("Items", ()):
        found = await job.cloud.ask("cloudfront", "GetDistributionConfig", Id=each["Id"])
        if found["DistributionConfig"]["CallerReference"] == str(job.task.id):
            return str(each["Id"])
    raise AwsError("NoSuchDistribution", "The specified distribution does not exist.", 404)


class OriginAccessControl(Sandboxed):
    comes_back = False

    async def make(self, job: Job) -> str:
        asked = _access(job)
        made = await unless_there(
            job, job.cloud.ask("cloudfront", "CreateOriginAccessControl", **asked)
        )
        if made:
            return str(made["OriginAccessControl"]["Id"])
        return await _access_named(job, asked["OriginAccessControlConfig"]["Name"])

    async def change(self, job: Job) -> None:
        which = await _access_tag(job)
        await job.cloud.ask("cloudfront", "UpdateOriginAccessControl", **which, **_access(job))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        which = await _access_tag(job)
        await job.cloud.ask("cloudfront", "DeleteOriginAccessControl", **which)


def _access(job: Job) -> Answer:
    name = "OriginAccessControlConfig"
    check_names(job.properties, (name,))
    needed(job.properties, name)
    return {name: shaped("cloudfront", name, job.properties[name])}


async def _access_tag(job: Job) -> dict[str, str]:
    found = await job.cloud.ask("cloudfront", "GetOriginAccessControl", Id=job.physical_id)
    return {"Id": job.physical_id, "IfMatch": str(found["ETag"])}


async def _access_named(job: Job, name: str) -> str:
    answer = await job.cloud.ask("cloudfront", "ListOriginAccessControls")
    listed = answer["OriginAccessControlList"].get("Items", ())
    return next(str(each["Id"]) for each in listed if each["Name"] == name)


def _config(job: Job, reference: str) -> dict[str, Any]:
    check_names(job.properties, ("DistributionConfig", "Tags"))
    needed(job.properties, "DistributionConfig")
    given = _Listing().of("DistributionConfig", job.properties["DistributionConfig"])
    asked = shaped("cloudfront", "DistributionConfig", given)
    return asked | {"CallerReference": reference}


class _Listing:
    """From a template's lists to CloudFront's, which say how many they have, and whether they are
    in use where that can be otherwise."""

    def __init__(self) -> None:
        self._shapes = shapes_of("cloudfront")

    def of(self, name: str, value: Any) -> Any:
        shape = self._shapes[name]
        members = shape.get("members", {})
        if "Quantity" in members and isinstance(value, list | tuple):
            return self._listed(members, value)
        if shape["type"] == "list" and isinstance(value, list | tuple):
            return [self.of(shape["member"]["shape"], each) for each in value]
        if shape["type"] == "structure" and isinstance(value, Mapping):
            return _completed(name, self._structure(members, value))
        return value

    def _listed(self, members: Mapping[str, Any], values: Any) -> dict[str, Any]:
        items = self.of(members["Items"]["shape"], values)
        used = {"Enabled": bool(values)} if "Enabled" in members else {}
        return {"Quantity": len(items), "Items": items, **used}

    def _structure(self, members: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
        names = {name.lower(): name for name in members}
        made = {}
        for key, each in value.items():
            lower = key.lower()
            name = names.get(lower) or names.get(_RENAMED.get(lower, "").lower()) or key
            made[name] = self.of(members[name]["shape"], each) if name in members else each
        return made


def _completed(shape: str, made: dict[str, Any]) -> dict[str, Any]:
    """With what the API wants where templates have it elsewhere, or leave it out."""
    if shape in _BEHAVIORS and "CachedMethods" in made:
        cached = made.pop("CachedMethods")
        counted = {"Quantity": len(cached), "Items": cached}
        allowed = made.setdefault("AllowedMethods", {"Quantity": len(cached), "Items": cached})
        made["AllowedMethods"] = {**allowed, "CachedMethods": counted}
    if shape in _COUNTED:
        made.setdefault("Quantity", len(made.get("Items", ())))
    return {**_DEFAULTS.get(shape, {}), **made}


_BEHAVIORS = ("CacheBehavior", "DefaultCacheBehavior")
_COUNTED = ("GeoRestriction", "OriginGroups", "OriginGroupMembers", "StatusCodes")
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443},
    "DistributionConfig": {"Comment": "", "Enabled": True},
    "ForwardedValues": {"Cookies": {"Forward": "none"}, "QueryString": False},
    "LoggingConfig": {"Enabled": True},
    "S3OriginConfig": {"OriginAccessIdentity": ""},
}


HANDLERS: Mapping[str, Handler] = {
    "AWS::CloudFront::Distribution": Distribution(),
    "AWS::CloudFront::OriginAccessControl": OriginAccessControl(),
}
