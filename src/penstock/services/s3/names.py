"""What buckets and keys may be called."""

from __future__ import annotations

import re

from penstock.errors import AwsError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
LONGEST_KEY = 1024  # bytes


def check_bucket_name(name: str) -> None:
    """Raises AwsError: InvalidBucketName."""
    if (
        not _BUCKET.fullmatch(name)
        or any(pair in name for pair in ("..", ".-", "-."))
        or _ADDRESS.fullmatch(name)
        or name.startswith(_PREFIXES)
        or name.endswith(_SUFFIXES)
    ):
        raise AwsError(
            "InvalidBucketName", "The specified bucket is not valid.", members={"BucketName": name}
        )


def check_key(key: str) -> None:
    """Raises AwsError: KeyTooLongError."""
    size = len(key.encode())
    if size > LONGEST_KEY:
        raise AwsError(
            "KeyTooLongError",
            "Your key is too long",
            members={"Size": str(size), "MaxSizeAllowed": str(LONGEST_KEY)},
        )
