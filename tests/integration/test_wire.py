"""The wire as an ASGI application: bytes come in, go to a handler, and come out as bytes."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import cbor2
import pytest
from botocore.eventstream import EventStreamBuffer
from psycopg import OperationalError

from penstock.errors import AwsError
from penstock.state.calls import Call
from penstock.store import Store
from penstock.wire.body import Disconnected

from .wire_app import ACCOUNT, NOON, PARAMETER, Wire

pytestmark = pytest.mark.anyio


async def test_a_call_has_all_that_the_request_says(wire: Wire) -> None:
    echo = wire.add("ssm", GetParameter=PARAMETER)
    answered = await wire.json("ssm", "GetParameter", {"Name": "a"}, X_Extra="1")
    call, request = echo.asked[0]
    assert request == {"Name": "a"}
    assert (call.service, call.operation) == ("ssm", "GetParameter")
    assert (call.account, call.region, call.now) == (ACCOUNT, "eu-west-1", NOON)
    assert (call.endpoint, call.headers["x-extra"]) == ("http://localhost:4545", "1")
    assert call.principal.access_key_id == "AK"
    assert wire.scope["penstock.operation"] == ("ssm", "GetParameter")
    assert json.loads(answered.body)["Parameter"]["LastModifiedDate"] == NOON.timestamp()
    assert answered.headers == {
        "date": "Sun, 01 Mar 2026 12:00:00 GMT",
        "server": "Penstock",
        "x-amzn-requestid": call.request_id,
        "content-type": "application/x-amz-json-1.1",
        "content-length": str(len(answered.body)),
    }


async def test_what_is_not_there_says_which_operation_it_is(wire: Wire) -> None:
    wire.add("ssm")
    answered = await wire.json("ssm", "CreateDocument", {})
    assert answered.status == 501
    assert answered.error("json") == ("NotImplemented", "not implemented: ssm.CreateDocument")


async def test_errors_are_in_the_protocol_of_the_request(wire: Wire) -> None:
    error = AwsError("ProjectNotFound", "no <such> project", 400)
    wire.add("codebuild", ListBuilds=error)
    wire.add("sts", GetCallerIdentity=error)
    wire.add("s3", ListBuckets=error)
    wire.add("lambda", ListFunctions=error)
    wire.add("ec2", DescribeVpcs=error)
    wire.add("route53", ListHostedZones=error)
    answers = {
        "json": await wire.json("codebuild", "ListBuilds", {}),
        "smithy-rpc-v2-cbor": await wire.ask(
            "codebuild",
            path="/service/CodeBuild_20161006/operation/ListBuilds",
            smithy_protocol="rpc-v2-cbor",
        ),
        "query": await wire.form("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
        "ec2": await wire.form("ec2", "Action=DescribeVpcs&Version=2016-11-15"),
        "rest-xml": await wire.ask("s3", method="GET"),
        "rest-json": await wire.ask("lambda", method="GET", path="/2015-03-31/functions/"),
    }
    for protocol, answered in answers.items():
        assert answered.status == 400
        assert answered.error(protocol) == ("ProjectNotFound", "no <such> project"), protocol
    answered = await wire.ask("route53", method="GET", path="/2013-04-01/hostedzone")
    assert answered.error("rest-xml") == ("ProjectNotFound", "no <such> project")


async def test_the_model_knows_the_status_and_the_members_of_an_error(wire: Wire) -> None:
    info = {"tooOldLogEventEndIndex": 3}
    wire.add(
        "logs",
        PutLogEvents=AwsError(
            "InvalidSequenceTokenException",
            "m",
            members={"expectedSequenceToken": "t", "unknown": info},
        ),
    )
    wire.add("s3", GetObject=AwsError("NoSuchKey", "The key does not exist.", members={"Key": "k"}))
    request = {
        "logGroupName": "g",
        "logStreamName": "s",
        "logEvents": [{"timestamp": 1, "message": "m"}],
    }
    answered = await wire.json("logs", "PutLogEvents", request)
    assert json.loads(answered.body) == {
        "__type": "InvalidSequenceTokenException",
        "message": "m",
        "expectedSequenceToken": "t",
    }
    answered = await wire.ask("s3", method="GET", path="/b/k")
    assert answered.status == 404
    assert b"<Key>k</Key><Resource>/b/k</Resource><RequestId>" in answered.body


async def test_a_service_that_spoke_query_tells_the_old_code_too(wire: Wire) -> None:
    wire.add("sqs", ListQueues=AwsError("QueueDoesNotExist", "none"))
    answered = await wire.json("sqs", "ListQueues", {}, x_amzn_query_mode="true")
    assert answered.headers["x-amzn-query-error"] == "QueueDoesNotExist;Sender"


async def test_without_a_database_clients_are_told_to_try_again(wire: Wire) -> None:
    wire.add("ssm", GetParameter=OperationalError("gone"))
    answered = await wire.json("ssm", "GetParameter", {"Name": "a"})
    assert (answered.status, answered.error("json")[0]) == (503, "ServiceUnavailable")


async def test_a_fault_of_our_own_is_logged_and_not_shown(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.add("ssm", GetParameter=ZeroDivisionError("secret words"))
    with caplog.at_level(logging.ERROR):
        answered = await wire.json("ssm", "GetParameter", {"Name": "a"})
    assert (answered.status, answered.error("json")[0]) == (500, "InternalFailure")
    assert answered.headers["x-amzn-requestid"] in answered.body.decode()
    assert b"secret" not in answered.body
    assert "secret words" in caplog.text
    assert answered.headers["x-amzn-requestid"] in caplog.text


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        ("ssm", "GetParameter", {}, "ValidationException"),
        ("logs", "CreateLogGroup", {}, "InvalidParameterException"),
        ("codebuild", "StartBuild", {}, "InvalidInputException"),
        ("secretsmanager", "GetSecretValue", {"SecretId": ""}, "ValidationException"),
        ("ssm", "GetParameter", {"Name": 5}, "SerializationException"),
        ("ssm", "GetParameter", {"Name": "a\x00b"}, "SerializationException"),
        ("ssm", "GetParameter", {"Name": "\ud800"}, "SerializationException"),
        ("ssm", "GetParameter", [], "SerializationException"),
        ("ssm", "GetParameter", b"{", "SerializationException"),
        ("ssm", "GetParameter", b'{"Name": NaN}', "SerializationException"),
        ("ssm", "GetParameter", b"\xff\xfe", "SerializationException"),
        ("ssm", "GetParameter", b'{"Name": "\xed\xa0\x80"}', "SerializationException"),
        ("ssm", "GetParameter", b'{"Name": "a", "Other": "\xff"}', "SerializationException"),
        ("ssm", "GetParameter", b"[" * 100_000, "SerializationException"),
        ("ssm", "GetParameter", b"1" * 10_000, "SerializationException"),
    ],
)
async def test_a_bad_request_never_comes_to_a_handler(
    wire: Wire, service: str, operation: str, request_: Any, code: str
) -> None:
    echo = wire.add(service, **{operation: {}})
    answered = await wire.json(service, operation, request_)
    assert (answered.status, answered.error("json")[0]) == (400, code)
    assert echo.asked == []


async def test_forms_and_documents_are_checked_too(wire: Wire) -> None:
    wire.add("sts", AssumeRole={})
    wire.add("s3", DeleteObjects={}, PutBucketVersioning={}, ListObjectsV2={}, GetObject={})
    answers = [
        await wire.form("sts", "Action=AssumeRole&Version=2011-06-15"),
        await wire.form("sts", "Action=AssumeRole&Version=2011-06-15&DurationSeconds=a"),
        await wire.form("sts", "Action=AssumeRole&RoleArn=%00&Version=2011-06-15"),
        await wire.form("sts", "Action=AssumeRole&RoleArn=%ff&Version=2011-06-15"),
        await wire.ask("s3", b"<a", method="PUT", path="/b?versioning"),
        await wire.ask("s3", b"<a/>", method="PUT", path="/b?versioning"),
        await wire.ask("s3", b"<!DOCTYPE a><a/>", method="PUT", path="/b?versioning"),
        await wire.ask("s3", b"<Delete/>", method="POST", path="/b?delete"),
        await wire.ask("s3", method="GET", path="/b?list-type=2&max-keys=a"),
        await wire.ask("s3", method="GET", path="/b/a%00b"),
    ]
    codes = [
        answered.error("query" if i < 4 else "rest-xml")[0] for i, answered in enumerate(answers)
    ]
    assert codes == [
        "ValidationError",
        "MalformedInput",
        "MalformedInput",
        "MalformedQueryString",
        "MalformedXML",
        "MalformedXML",
        "MalformedXML",
        "MalformedXML",
        "InvalidArgument",
        "InvalidArgument",
    ]


async def test_bodies_and_heads_have_limits(store: Store) -> None:
    wire = Wire(store, body=100, head=2000)
    wire.add("ssm", GetParameter=PARAMETER)
    answered = await wire.json("ssm", "GetParameter", {"Name": "a" * 100})
    assert (answered.status, answered.error("json")[0]) == (413, "RequestEntityTooLarge")
    answered = await wire.json("ssm", "GetParameter", {"Name": "a"}, X_Long="a" * 2000)
    assert answered.status == 400
    bomb = gzip.compress(b" " * 10_000)
    answered = await wire.json("ssm", "GetParameter", bomb, content_encoding="gzip")
    assert answered.status == 413


async def test_zipped_bodies_are_unzipped(wire: Wire) -> None:
    echo = wire.add("ssm", GetParameter=PARAMETER)
    body = gzip.compress(b'{"Name": "a"}')
    await wire.json("ssm", "GetParameter", body, content_encoding="gzip")
    assert echo.asked[0][1] == {"Name": "a"}
    answered = await wire.json("ssm", "GetParameter", body[:-3], content_encoding="gzip")
    assert answered.error("json")[0] == "SerializationException"


async def test_a_host_can_name_the_bucket(wire: Wire) -> None:
    echo = wire.add("s3", GetObject={}, ListObjectsV2={}, ListBuckets={})
    await wire.ask("s3", method="GET", path="/a/b", host="my.bucket.localhost:4545")
    await wire.ask("s3", method="GET", path="/?list-type=2", host="bucket.s3.localhost")
    await wire.ask("s3", method="GET", path="/", host="s3.localhost")
    asked = [(call.operation, request) for call, request in echo.asked]
    assert asked == [
        ("GetObject", {"Bucket": "my.bucket", "Key": "a/b"}),
        ("ListObjectsV2", {"Bucket": "bucket"}),
        ("ListBuckets", {}),
    ]


async def test_s3_takes_a_form_for_data(wire: Wire) -> None:
    echo = wire.add("s3", DeleteObjects={})
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    kind = "application/x-www-form-urlencoded"
    answered = await wire.ask("", body, path="/b?delete", content_type=kind, authorization="none")
    assert (answered.status, echo.asked[0][1]["Delete"]) == (200, {"Objects": [{"Key": "k"}]})


async def test_answers_of_s3_have_ways_of_their_own(wire: Wire) -> None:
    wire.add(
        "s3",
        GetBucketLocation={"LocationConstraint": "eu-west-1"},
        HeadObject={"ContentLength": 5, "ETag": '"e"', "Metadata": {"a": "b\r\nx-evil: 1"}},
        DeleteObject={},
        GetObject={"@status": 304, "@headers": {"x-extra": "1"}, "ETag": '"e"'},
        HeadBucket=AwsError("NoSuchBucket", "none", 404),
        ListBuckets={"Buckets": [{"Name": "b", "CreationDate": NOON}]},
    )
    answered = await wire.ask("s3", method="GET", path="/b?location")
    assert answered.body.endswith(b'2006-03-01/">eu-west-1</LocationConstraint>')
    answered = await wire.ask("s3", method="HEAD", path="/b/k")
    assert (answered.status, answered.body, answered.headers["content-length"]) == (200, b"", "5")
    assert answered.headers["x-amz-meta-a"] == "b x-evil: 1"
    assert {"x-amz-request-id", "x-amz-id-2"} <= answered.headers.keys()
    answered = await wire.ask("s3", method="DELETE", path="/b/k")
    assert (answered.status, "content-length" in answered.headers) == (204, False)
    answered = await wire.ask("s3", method="GET", path="/b/k")
    assert (answered.status, answered.headers["x-extra"], answered.body) == (304, "1", b"")
    answered = await wire.ask("s3", method="HEAD", path="/b")
    assert (answered.status, answered.body) == (404, b"")
    answered = await wire.ask("s3", method="GET")
    assert b'<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/' in answered.body
    assert b"<CreationDate>2026-03-01T12:00:00.000Z</CreationDate>" in answered.body


async def test_an_upload_comes_piece_by_piece_with_its_length(wire: Wire) -> None:
    async def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        pieces = [piece async for piece in request["Body"]]
        return {"ETag": b"".join(pieces).decode()}

    echo = wire.add("s3", PutObject=put)
    body = b"4\r\ndata\r\n0\r\nx-amz-checksum-crc32:rfPzYw==\r\n\r\n"
    answered = await wire.ask(
        "s3",
        body,
        method="PUT",
        path="/b/k",
        content_encoding="aws-chunked,gzip",
        x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        x_amz_trailer="x-amz-checksum-crc32",
        x_amz_decoded_content_length="4",
    )
    assert answered.headers["etag"] == "data"
    request = echo.asked[0][1]
    assert (request["ContentLength"], request["ContentEncoding"]) == (4, "gzip")
    assert request["Body"].checksums == {"ChecksumCRC32": "rfPzYw=="}


async def test_a_bad_sum_is_the_answer_whatever_came_of_it(wire: Wire) -> None:
    async def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        try:
            [piece async for piece in request["Body"]]
        except AwsError:
            raise RuntimeError("the blob could not be written") from None
        return {}

    wire.add("s3", PutObject=put)
    answered = await wire.ask("s3", b"data", method="PUT", path="/b/k", content_md5="A" * 22 + "==")
    assert (answered.status, answered.error("rest-xml")[0]) == (400, "BadDigest")


async def test_a_client_that_goes_away_breaks_its_upload_off(wire: Wire) -> None:
    seen: list[BaseException] = []

    async def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        try:
            [piece async for piece in request["Body"]]
        except Disconnected as error:
            seen.append(error)
            raise
        return {}

    wire.add("s3", PutObject=put)
    wire.add("ssm", GetParameter=PARAMETER)
    answered = await wire.ask("s3", b"data", method="PUT", path="/b/k", cut=2)
    assert (answered.status, len(seen)) == (0, 1)
    answered = await wire.ask("ssm", b"{}", cut=1, X_Amz_Target="AmazonSSM.GetParameter")
    assert answered.status == 0


async def test_half_an_answer_is_never_taken_for_the_whole(wire: Wire) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise AwsError("NoSuchKey", "the blob is gone")

    wire.add("s3", GetObject={"Body": broken(), "ContentLength": 8})
    with pytest.raises(AwsError, match="the blob is gone"):
        await wire.ask("s3", method="GET", path="/b/k")


async def test_events_are_streamed_as_they_come(wire: Wire) -> None:
    async def events() -> AsyncIterator[dict[str, Any]]:
        yield {"sessionStart": {"requestId": "r"}}
        yield {"sessionUpdate": {"sessionResults": [{"message": "m", "timestamp": 1}]}}
        raise AwsError("SessionTimeoutException", "over")

    wire.add("logs", StartLiveTail={"responseStream": events()})
    answered = await wire.json("logs", "StartLiveTail", {"logGroupIdentifiers": ["g"]})
    buffer = EventStreamBuffer()
    buffer.add_data(answered.body)
    found = [(event.headers, event.payload) for event in buffer]
    assert [headers.get(":event-type") for headers, _ in found] == [
        "initial-response",
        "sessionStart",
        "sessionUpdate",
        None,
    ]
    assert json.loads(found[2][1]) == {"sessionResults": [{"message": "m", "timestamp": 1}]}
    assert found[3][0][":exception-type"] == "SessionTimeoutException"


async def test_cbor_goes_both_ways(wire: Wire) -> None:
    """CB-130"""
    echo = wire.add("codebuild", BatchGetBuilds={"builds": [{"id": "a:1", "startTime": NOON}]})
    answered = await wire.ask(
        "codebuild",
        cbor2.dumps({"ids": ["a:1"]}),
        path="/service/CodeBuild_20161006/operation/BatchGetBuilds",
        smithy_protocol="rpc-v2-cbor",
    )
    assert echo.asked[0][1] == {"ids": ["a:1"]}
    assert answered.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert cbor2.loads(answered.body) == {"builds": [{"id": "a:1", "startTime": NOON}]}


async def test_other_services_are_answered_elsewhere(wire: Wire) -> None:
    answered = await wire.json("dynamodb", "ListTables", b"{}")
    assert (answered.status, answered.body) == (201, b"from elsewhere")
    service, body, principal, region = wire.elsewhere[0]
    assert (service, body, region) == ("dynamodb", b"{}", "eu-west-1")
    assert principal.arn == f"arn:aws:iam::{ACCOUNT}:root"
    await wire.form("sns", "Action=ListTopics&Version=2010-03-31")
    assert wire.elsewhere[1][:2] == ("sns", b"Action=ListTopics&Version=2010-03-31")
    answered = await wire.json("dynamodb", "ListTables", b"nothing")
    assert answered.error("json") == ("NotImplemented", "not implemented: dynamodb.Something")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "rebound.example"}, 403),
        ({"origin": "http://localhost:4545"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
    ],
)
async def test_pages_of_others_are_not_served(
    wire: Wire, headers: dict[str, str], status: int
) -> None:
    wire.add("ssm", GetParameter=PARAMETER)
    assert (await wire.json("ssm", "GetParameter", {"Name": "a"}, **headers)).status == status
