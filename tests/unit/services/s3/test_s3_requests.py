"""What S3's requests mean: ranges, conditions, names, sources, policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.services.s3.conditions import is_unmodified, of_write, unmet
from penstock.services.s3.copying import Source, read_source
from penstock.services.s3.names import check_bucket_name
from penstock.services.s3.policies import is_public
from penstock.services.s3.ranges import Span, read_range
from penstock.services.s3.rolling import rolled
from penstock.services.s3.tags import read_tag_header

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    "text", [None, "", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b", "0-1"]
)
def test_what_is_no_single_range_is_ignored(text: str | None) -> None:
    assert read_range(text, 10) is None


@pytest.mark.parametrize(("text", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_outside_cannot_be_satisfied(text: str, size: int) -> None:
    with pytest.raises(AwsError) as error:
        read_range(text, size)
    assert (error.value.code, error.value.status) == ("InvalidRange", 416)


@given(size=st.integers(1, 50), first=st.integers(0, 60), last=st.integers(0, 60))
def test_a_range_is_what_a_slice_is(size: int, first: int, last: int) -> None:
    data = range(size)
    if first < size and first <= last:
        span = read_range(f"bytes={first}-{last}", size)
        assert span is not None
        assert data[span.start : span.start + span.length] == data[first : last + 1]
    if last:
        tail = read_range(f"bytes=-{last}", size)
        assert tail is not None
        assert data[tail.start : tail.start + tail.length] == data[-last:]


def test_a_span_as_content_range() -> None:
    assert Span(2, 3).of(9) == "bytes 2-4/9"


@pytest.mark.parametrize(
    ("request_", "condition"),
    [
        ({}, None),
        ({"IfMatch": '"e"'}, None),
        ({"IfMatch": "e"}, None),
        ({"IfMatch": "*"}, None),
        ({"IfMatch": '"x"'}, "If-Match"),
        ({"IfMatch": '"x", "e"'}, None),
        ({"IfNoneMatch": '"e"'}, "If-None-Match"),
        ({"IfNoneMatch": '"x"'}, None),
        ({"IfModifiedSince": NOON}, "If-Modified-Since"),
        ({"IfModifiedSince": EARLIER}, None),
        ({"IfUnmodifiedSince": NOON}, None),
        ({"IfUnmodifiedSince": EARLIER}, "If-Unmodified-Since"),
        # An ETag decides over a date.
        ({"IfMatch": '"e"', "IfUnmodifiedSince": EARLIER}, None),
        ({"IfNoneMatch": '"e"', "IfModifiedSince": EARLIER}, "If-None-Match"),
        ({"IfNoneMatch": '"x"', "IfModifiedSince": LATER}, None),
        ({"IfMatch": '"x"', "IfNoneMatch": '"e"'}, "If-Match"),
    ],
)
def test_conditions_and_which_goes_first(request_: dict[str, Any], condition: str | None) -> None:
    modified = NOON + timedelta(microseconds=5)  # readers know whole seconds only
    assert unmet(request_, "e", modified) == condition


def test_what_a_reader_has_is_unmodified_and_what_it_asked_for_in_vain_an_error() -> None:
    assert is_unmodified({"IfNoneMatch": "e"}, "e", NOON)
    assert not is_unmodified({"IfNoneMatch": "x"}, "e", NOON)
    with pytest.raises(AwsError, match="PreconditionFailed"):
        is_unmodified({"IfMatch": "x"}, "e", NOON)


def test_conditions_of_a_write() -> None:
    assert of_write({"IfNoneMatch": "*"}) == (None, True)
    assert of_write({"IfMatch": '"e"'}) == ("e", False)
    with pytest.raises(AwsError, match="NotImplemented"):
        of_write({"IfNoneMatch": '"e"'})


@pytest.mark.parametrize("name", ["abc", "a.b-c.9", "0" * 63, "build-artifacts"])
def test_names_of_buckets(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("ab", "a" * 64, "Abc", "a_b", "-abc", "abc-", "a..b", "a.-b", "192.168.5.4"),
        *("xn--abc", "abc-s3alias", "abc--ol-s3", "sthree-abc", "äbc", "a b"),
    ],
)
def test_names_no_bucket_has(name: str) -> None:
    with pytest.raises(AwsError, match="InvalidBucketName"):
        check_bucket_name(name)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("b/k", Source("b", "k", None)),
        ("/b/a%20b%2Fc/d", Source("b", "a b/c/d", None)),
        ("b/a+b?versionId=v", Source("b", "a+b", "v")),
        ("b//k", Source("b", "/k", None)),
    ],
)
def test_where_a_copy_comes_from(text: str, source: Source) -> None:
    assert read_source(text) == source


def test_tags_of_a_header() -> None:
    assert read_tag_header("a=1&b=&c%3D=x+y") == {"a": "1", "b": "", "c=": "x y"}
    with pytest.raises(AwsError, match="InvalidArgument"):
        read_tag_header("a")


def allow(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, **more}]}


@pytest.mark.parametrize(
    ("policy", "public"),
    [
        (allow("*"), True),
        (allow({"AWS": "*"}), True),
        (allow({"AWS": ["arn:aws:iam::000000000000:root", "*"]}), True),
        (allow({"AWS": "arn:aws:iam::000000000000:root"}), False),
        (allow({"Service": "cloudfront.amazonaws.com"}), False),
        (allow("*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), False),
        ({"Statement": {"Effect": "Deny", "Principal": "*"}}, False),
    ],
)
def test_policies_that_let_everybody_in(policy: dict[str, Any], public: bool) -> None:
    assert is_public(policy) is public


def test_keys_roll_up_once_and_not_behind_their_marker() -> None:
    class Row:
        def __init__(self, key: str) -> None:
            self.key = key

    rows = [Row(key) for key in ("a/1", "a/2", "b", "c/1")]
    assert [entry.name for entry in rolled(rows, "", "/")] == ["a/", "b", "c/"]
    assert [entry.name for entry in rolled(rows, "", "/", marker="a/")] == ["b", "c/"]
    assert [entry.name for entry in rolled(rows[:2], "a/", "/")] == ["a/1", "a/2"]
