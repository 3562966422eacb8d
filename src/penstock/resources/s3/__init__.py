"""Buckets of S3, and their policies."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.contract import Handler
from penstock.resources.s3.buckets import Bucket
from penstock.resources.s3.policies import BucketPolicy

HANDLERS: Mapping[str, Handler] = {
    "AWS::S3::Bucket": Bucket(),
    "AWS::S3::BucketPolicy": BucketPolicy(),
}
