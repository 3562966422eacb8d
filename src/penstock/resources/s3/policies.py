"""The policy of a bucket: a bucket has one, and it goes by the bucket's name."""

from __future__ import annotations

from penstock.resources.contract import Answer, Job, Made, Outcome
from penstock.resources.existence import unless_gone
from penstock.resources.s3.buckets import ABSENT
from penstock.resources.shaping import check_names, shaped


class BucketPolicy:
    async def create(self, job: Job) -> Outcome:
        bucket, asked = str(job.properties.get("Bucket", "")), _policy(job)
        await job.cloud.ask("s3", "PutBucketPolicy", Bucket=bucket, **asked)
        return Made(bucket)

    async def update(self, job: Job) -> Outcome:
        await job.cloud.ask("s3", "PutBucketPolicy", Bucket=job.physical_id, **_policy(job))
        return Made(job.physical_id)

    async def delete(self, job: Job) -> Outcome:
        deleting = job.cloud.ask("s3", "DeleteBucketPolicy", Bucket=job.physical_id)
        await unless_gone(deleting, "NoSuchBucketPolicy", *ABSENT)
        return Made(job.physical_id)


def _policy(job: Job) -> Answer:
    check_names(job.properties, ("Bucket", "PolicyDocument"))
    document = job.properties.get("PolicyDocument", "")
    return shaped("s3", "PutBucketPolicyRequest", {"Policy": document})
