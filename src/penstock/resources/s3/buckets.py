"""Buckets made, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from penstock.errors import AwsError, not_implemented
from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import settled, unless_gone
from penstock.resources.s3.settings import DEFAULT_OWNERSHIP, SETTINGS, ordered
from penstock.resources.shaping import check_names
from penstock.resources.tags import as_list, tags_of

HOME = "us-east-1"
ABSENT = ("NoSuchBucket", "404")
LACKING = (
    *("AbacStatus", "AnalyticsConfigurations", "BucketNamePrefix", "BucketNamespace"),
    *("InventoryConfigurations", "MetadataConfiguration", "MetadataTableConfiguration"),
    *("MetricsConfigurations", "ObjectLockConfiguration", "ObjectLockEnabled"),
    "ReplicationConfiguration",
)
UNUSED = ("IntelligentTieringConfigurations",)
"""Moves objects between tiers that answer alike: nothing that happens is another."""
_NOTHING: tuple[object, ...] = (None, [], {}, "", False, "false", "Disabled")


class Bucket:
    async def create(self, job: Job) -> Outcome:
        _check(job)
        name = str(job.properties.get("BucketName") or job.name(63, lower=True))
        if not job.again and await self._is_there(job, name):
            raise AwsError("BucketAlreadyExists", f"{name} already exists", 409)
        asked: Answer = {"ObjectOwnership": _ownership(job)}
        if job.stack.region != HOME:
            asked["CreateBucketConfiguration"] = {"LocationConstraint": job.stack.region}
        try:
            await job.cloud.ask("s3", "CreateBucket", Bucket=name, **asked)
        except AwsError as error:
            if not (job.again and error.code == "BucketAlreadyOwnedByYou"):
                raise
        return await settled(job, name, self._set(job, name))

    async def update(self, job: Job) -> Outcome:
        _check(job)
        return await self._set(job, job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        deleting = job.cloud.ask("s3", "DeleteBucket", Bucket=job.physical_id)
        await unless_gone(deleting, *ABSENT)
        return Made(job.physical_id)

    async def _is_there(self, job: Job, name: str) -> bool:
        """CreateBucket does not say so of one's own bucket in us-east-1."""
        looking = job.cloud.ask("s3", "HeadBucket", Bucket=name)
        return await unless_gone(looking, *ABSENT) is not None

    async def _set(self, job: Job, name: str) -> Made:
        for setting in ordered(job.properties):
            if differs(job, setting.property):
                operation, asked = setting.request(job.properties.get(setting.property), name)
                await job.cloud.ask("s3", operation, Bucket=name, **asked)
        tags = tags_of(job)
        if tags:
            tagging = {"TagSet": as_list(tags)}
            await job.cloud.ask("s3", "PutBucketTagging", Bucket=name, Tagging=tagging)
        elif differs(job, "Tags") or job.previous_tags:
            await job.cloud.ask("s3", "DeleteBucketTagging", Bucket=name)
        return Made(name, _attributes(job, name))


def _check(job: Job) -> None:
    settings = [setting.property for setting in SETTINGS]
    check_names(job.properties, ("BucketName", "Tags", *settings, *UNUSED, *LACKING))
    for name in LACKING:
        if job.properties.get(name) not in _NOTHING:
            raise not_implemented(f"AWS::S3::Bucket {name}")


def _ownership(job: Job) -> str:
    """What it is made with: settings come after it, and lists of access after these."""
    try:
        return str(job.properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"])
    except (KeyError, IndexError, TypeError):
        return DEFAULT_OWNERSHIP


def _attributes(job: Job, name: str) -> Mapping[str, str]:
    region = job.stack.region
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "WebsiteURL": website_url(name, region, job.endpoint),
    }


def website_url(bucket: str, region: str, endpoint: str) -> str:
    """Where this server answers for a bucket's website: below its name, as an address of numbers
    has none below it."""
    host = f"{bucket}.s3-website-{region}"
    where = urlsplit(endpoint)
    if not where.hostname:
        return f"http://{host}.amazonaws.com"
    name = "localhost" if _is_number(where.hostname) else where.hostname
    port = f":{where.port}" if where.port else ""
    return f"{where.scheme}://{host}.{name}{port}"


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
