"""No body, however odd, is a fault of ours."""

from __future__ import annotations

import json

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .wire_app import Wire

pytestmark = pytest.mark.anyio


NAMES = st.sampled_from(["Name", "Names", "Value", "Tags", "Key", "ids", "logEvents", "timestamp"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner),
    max_leaves=20,
)
BODIES = st.binary(max_size=100) | VALUES.map(lambda value: json.dumps(value).encode())
OPERATIONS = [
    ("ssm", "PutParameter"),
    ("logs", "PutLogEvents"),
    ("codebuild", "CreateProject"),
    ("secretsmanager", "CreateSecret"),
]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BODIES, st.sampled_from(OPERATIONS))
async def test_no_json_at_all_is_a_fault_of_ours(
    wire: Wire, body: bytes, operation: tuple[str, str]
) -> None:
    service, name = operation
    wire.add(service, **{name: {}})
    assert (await wire.json(service, name, body)).status in (200, 400)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=60) | VALUES.map(cbor2.dumps))
async def test_no_cbor_at_all_is_a_fault_of_ours(wire: Wire, body: bytes) -> None:
    wire.add("codebuild", CreateProject={})
    path = "/service/CodeBuild_20161006/operation/CreateProject"
    answered = await wire.ask("codebuild", body, path=path, smithy_protocol="rpc-v2-cbor")
    assert answered.status in (200, 400)


XML = st.recursive(
    st.text("ab<>&;#x0", max_size=5),
    lambda inner: st.tuples(
        st.sampled_from(["Tagging", "TagSet", "Tag", "Key", "Delete", "Object", "a:b"]),
        inner,
        inner,
    ).map(lambda parts: "<{0}>{1}{2}</{0}>".format(*parts)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(XML, st.sampled_from(["/b?tagging", "/b/k?tagging", "/b?lifecycle", "/b?cors", "/b?%ff"]))
async def test_no_xml_at_all_is_a_fault_of_ours(wire: Wire, text: str, path: str) -> None:
    wire.add("s3", PutBucketTagging={}, PutObjectTagging={}, PutBucketLifecycleConfiguration={})
    answered = await wire.ask("s3", text.encode(), method="PUT", path=path)
    assert answered.status in (200, 400, 501)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "Tags",
                    "Tags.member.1.Key",
                    "Tags.member.1",
                    "RoleArn",
                    "RoleSessionName",
                    "DurationSeconds",
                    "RoleArn.x",
                    "Tags.member.99999999999",
                ]
            ),
            st.text(max_size=5),
        )
    )
)
async def test_no_form_at_all_is_a_fault_of_ours(wire: Wire, pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import urlencode

    wire.add("sts", AssumeRole={})
    text = urlencode(
        [("Action", "AssumeRole"), ("Version", "2011-06-15"), *pairs], errors="replace"
    )
    assert (await wire.form("sts", text)).status in (200, 400)
