"""Which names are ours, and which have a bucket in front."""

from __future__ import annotations

import pytest

from penstock.wire.hosts import is_loopback, read_host

NAMES = ("ci.example.org",)


@pytest.mark.parametrize(
    ("header", "ours", "bucket"),
    [
        ("localhost:4545", True, ""),
        ("127.0.0.1:4545", True, ""),
        ("[::1]:4545", True, ""),
        ("172.17.0.1:4545", True, ""),
        ("LOCALHOST", True, ""),
        ("ci.example.org", True, ""),
        ("bucket.localhost:4545", True, "bucket"),
        ("my.bucket.localhost", True, "my.bucket"),
        ("bucket.ci.example.org", True, "bucket"),
        ("s3.localhost:4545", True, ""),
        ("bucket.s3.localhost:4545", True, "bucket"),
        ("bucket.s3.eu-west-1.localhost", True, "bucket"),
        ("bucket.s3.amazonaws.com", False, "bucket"),
        ("my.bucket.s3.us-east-1.amazonaws.com", False, "my.bucket"),
        ("s3.amazonaws.com", False, ""),
        ("evil.example", False, ""),
        ("localhost.evil.example", False, ""),
        ("notlocalhost", False, ""),
        ("", False, ""),
    ],
)
def test_names(header: str, ours: bool, bucket: str) -> None:
    host = read_host(header, NAMES)
    assert (host.ours, host.bucket) == (ours, bucket)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("172.17.0.2", False),
        ("", False),
    ],
)
def test_the_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
