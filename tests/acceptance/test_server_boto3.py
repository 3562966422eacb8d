"""boto3 against a real server, with the habits of other people's programs and test suites."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import cbor2
import pytest
from boto3.s3.transfer import TransferConfig
from botocore import xform_name
from botocore.exceptions import ClientError, WaiterError

MB = 1 << 20
REAL = ("codebuild", "logs", "s3", "secretsmanager", "ssm", "sts")
Client = Callable[..., Any]
Until = Callable[..., Any]


@pytest.fixture(scope="module")
def client(installation: Any) -> Client:
    """Makes clients; each is made once."""

    @cache
    def make(service: str) -> Any:
        return installation.client(service)

    return make


@pytest.fixture
def s3(client: Client) -> Any:
    return client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"b-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def project(client: Client) -> str:
    return make_project(client("codebuild"))


def make_project(codebuild: Any, *commands: str, **sections: Any) -> str:
    phases = {"build": {"commands": commands or ("true",)}}
    buildspec = json.dumps({"version": "0.2", "phases": phases, **sections})
    name = f"web-{uuid4().hex}"
    codebuild.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    return name


def built(codebuild: Any, project: str, until: Until) -> dict[str, Any]:
    build = codebuild.start_build(projectName=project)["build"]["id"]

    def ended() -> dict[str, Any] | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return found if found["buildComplete"] else None

    found: dict[str, Any] = until(ended)
    return found


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def status_of(refused: pytest.ExceptionInfo[ClientError]) -> int:
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


# Paginators

PAGED = {
    "codebuild": {
        "DescribeCodeCoverages", "DescribeTestCases", "ListBuildBatches",
        "ListBuildBatchesForProject", "ListBuilds", "ListBuildsForProject", "ListProjects",
        "ListReportGroups", "ListReports", "ListReportsForReportGroup",
    },
    "logs": {
        "DescribeLogGroups", "DescribeLogStreams", "DescribeMetricFilters", "FilterLogEvents",
        "DescribeSubscriptionFilters",
    },
    "s3": {
        "ListBuckets", "ListMultipartUploads", "ListObjectVersions", "ListObjects",
        "ListObjectsV2", "ListParts",
    },
    "ssm": {"DescribeParameters", "GetParameterHistory", "GetParametersByPath"},
    "secretsmanager": {"ListSecrets"},
    "sts": set(),
}  # fmt: skip
"""All other paginators of botocore belong to operations that are not there."""


@pytest.mark.parametrize("service", REAL)
def test_every_paginator_pages_or_its_operation_says_it_is_not_there(
    client: Client, service: str
) -> None:
    found = client(service)
    for operation in found.meta.service_model.operation_names:
        name = xform_name(operation)
        if not found.can_paginate(name) or operation in PAGED[service]:
            continue
        with pytest.raises(ClientError) as refused:
            getattr(found, name)(**least(found.meta.service_model.operation_model(operation)))
        if operation == "ListDirectoryBuckets":  # which is signed for another service
            assert code_of(refused) == "UnknownOperationException"
            continue
        assert (code_of(refused), status_of(refused)) == ("NotImplemented", 501), operation
        assert operation in str(refused.value)


def least(operation: Any) -> dict[str, Any]:
    """The least that botocore sends."""
    shape = operation.input_shape
    return {name: value_of(shape.members[name]) for name in shape.required_members}


def value_of(shape: Any) -> Any:
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "list":
        return [value_of(shape.member)]
    if shape.type_name == "structure":
        return {name: value_of(shape.members[name]) for name in shape.required_members}
    return {"integer": 1, "long": 1, "boolean": True, "timestamp": 0}[shape.type_name]


def pages_of(client: Any, operation: str, size: int = 2, **arguments: Any) -> list[dict[str, Any]]:
    config = {"PageSize": size} if size else {}
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig=config)
    return list(pages)


def listed(pages: list[dict[str, Any]], member: str) -> list[Any]:
    """All items of all pages, of which there is more than one."""
    assert len([page for page in pages if page.get(member)]) > 1
    return [item for page in pages for item in page.get(member, [])]


@pytest.mark.parametrize("versions", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_pages_of_objects(s3: Any, bucket: str, versions: str) -> None:
    keys = [f"a/{number}" for number in range(5)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    member = "Versions" if "versions" in versions else "Contents"
    found = listed(pages_of(s3, versions, Bucket=bucket), member)
    assert [item["Key"] for item in found] == keys
    s3.put_object(Bucket=bucket, Key="b/1", Body=b"")
    s3.put_object(Bucket=bucket, Key="c", Body=b"")
    pages = pages_of(s3, versions, 1, Bucket=bucket, Delimiter="/")
    assert [item["Prefix"] for item in listed(pages, "CommonPrefixes")] == ["a/", "b/"]


def test_pages_of_buckets_uploads_and_parts(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=f"{bucket}-2")
    names = [item["Name"] for item in listed(pages_of(s3, "list_buckets", 1), "Buckets")]
    assert {bucket, f"{bucket}-2"} <= set(names)
    uploads = [
        s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a", "b", "b")
    ]
    found = listed(pages_of(s3, "list_multipart_uploads", 1, Bucket=bucket), "Uploads")
    assert sorted(item["UploadId"] for item in found) == sorted(uploads)
    part = {"Bucket": bucket, "Key": "a", "UploadId": uploads[0]}
    for number in (1, 2, 3):
        s3.upload_part(**part, PartNumber=number, Body=b"x")
    found = listed(pages_of(s3, "list_parts", 1, **part), "Parts")
    assert [item["PartNumber"] for item in found] == [1, 2, 3]


def test_pages_of_parameters(client: Client) -> None:
    ssm, top = client("ssm"), f"/{uuid4().hex}"
    names = [f"{top}/{number}" for number in range(5)]
    for name in names:
        ssm.put_parameter(Name=name, Type="String", Value="1")
    for value in ("2", "3"):
        ssm.put_parameter(Name=names[0], Value=value, Overwrite=True)
    found = listed(pages_of(ssm, "get_parameters_by_path", Path=top), "Parameters")
    assert [item["Name"] for item in found] == names
    below = [{"Key": "Path", "Values": [top]}]
    found = listed(pages_of(ssm, "describe_parameters", ParameterFilters=below), "Parameters")
    assert sorted(item["Name"] for item in found) == names
    found = listed(pages_of(ssm, "get_parameter_history", 1, Name=names[0]), "Parameters")
    assert [item["Value"] for item in found] == ["1", "2", "3"]


def test_pages_of_secrets(client: Client) -> None:
    secrets, top = client("secretsmanager"), uuid4().hex
    for number in range(3):
        secrets.create_secret(Name=f"{top}/{number}", SecretString="s")
    below = [{"Key": "name", "Values": [top]}]
    found = listed(pages_of(secrets, "list_secrets", 1, Filters=below), "SecretList")
    assert sorted(item["Name"] for item in found) == [f"{top}/{number}" for number in range(3)]


def test_pages_of_logs(client: Client) -> None:
    logs, top = client("logs"), f"/{uuid4().hex}"
    now = int(time.time() * 1000)
    for group in ("a", "b", "c"):
        logs.create_log_group(logGroupName=f"{top}/{group}")
        logs.create_log_stream(logGroupName=f"{top}/a", logStreamName=group)
        event = {"timestamp": now, "message": group}
        logs.put_log_events(logGroupName=f"{top}/a", logStreamName=group, logEvents=[event])
        logs.put_metric_filter(
            logGroupName=f"{top}/a",
            filterName=group,
            filterPattern="ERROR",
            metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        )
    of_group = {"logGroupName": f"{top}/a"}
    found = listed(pages_of(logs, "describe_log_groups", 1, logGroupNamePrefix=top), "logGroups")
    assert [item["logGroupName"] for item in found] == [f"{top}/{one}" for one in "abc"]
    found = listed(pages_of(logs, "describe_log_streams", 1, **of_group), "logStreams")
    assert [item["logStreamName"] for item in found] == ["a", "b", "c"]
    found = listed(pages_of(logs, "describe_metric_filters", 1, **of_group), "metricFilters")
    assert [item["filterName"] for item in found] == ["a", "b", "c"]
    found = listed(pages_of(logs, "filter_log_events", 1, **of_group), "events")
    assert sorted(item["message"] for item in found) == ["a", "b", "c"]


def test_pages_of_builds_and_projects(client: Client, project: str, until: Until) -> None:
    codebuild = client("codebuild")
    make_project(codebuild)
    started = [codebuild.start_build(projectName=project)["build"]["id"] for _ in range(3)]
    # These take no page size of botocore's; there is more than a page from 101 on only.
    of_project = pages_of(codebuild, "list_builds_for_project", 0, projectName=project)
    assert [build for page in of_project for build in page["ids"]] == started[::-1]
    all_builds = [one for page in pages_of(codebuild, "list_builds", 0) for one in page["ids"]]
    assert set(started) <= set(all_builds)
    assert len(all_builds) == len(set(all_builds))
    names = [one for page in pages_of(codebuild, "list_projects", 0) for one in page["projects"]]
    assert project in names
    assert pages_of(codebuild, "list_build_batches_for_project", 0, projectName=project)
    assert pages_of(codebuild, "list_build_batches", 0)


def test_pages_of_reports(client: Client, until: Until) -> None:
    codebuild = client("codebuild")
    cases = "".join(f"<testcase name='t{number}' classname='c'/>" for number in range(3))
    project = make_project(
        codebuild,
        f"echo \"<testsuite name='s'>{cases}</testsuite>\" > junit.xml",
        reports={"a": {"files": ["junit.xml"]}, "b": {"files": ["junit.xml"]}},
    )
    [first, _] = built(codebuild, project, until)["reportArns"]
    again = built(codebuild, project, until)["reportArns"]
    found = listed(pages_of(codebuild, "describe_test_cases", 1, reportArn=first), "testCases")
    assert sorted(item["name"] for item in found) == ["t0", "t1", "t2"]
    assert set(again) < set(listed(pages_of(codebuild, "list_reports", 1), "reports"))
    groups = listed(pages_of(codebuild, "list_report_groups", 1), "reportGroups")
    [group] = [one for one in groups if one.endswith(f"{project}-a")]
    of_group = pages_of(codebuild, "list_reports_for_report_group", 1, reportGroupArn=group)
    assert len(listed(of_group, "reports")) == 2
    assert pages_of(codebuild, "describe_code_coverages", 1, reportArn=first)


# Waiters


def test_waiters_of_s3(s3: Any, bucket: str) -> None:
    once = {"Delay": 0, "MaxAttempts": 1}
    place = {"Bucket": bucket, "Key": "k"}
    s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=once)
    s3.get_waiter("bucket_not_exists").wait(Bucket=f"{bucket}-not", WaiterConfig=once)
    s3.get_waiter("object_not_exists").wait(**place, WaiterConfig=once)
    with pytest.raises(WaiterError):
        s3.get_waiter("object_exists").wait(**place, WaiterConfig=once)
    s3.put_object(**place, Body=b"")
    s3.get_waiter("object_exists").wait(**place, WaiterConfig=once)


def test_no_other_service_that_is_real_has_waiters_for_what_is_there(client: Client) -> None:
    waiters = {service: client(service).waiter_names for service in REAL if service != "s3"}
    assert waiters == {
        "codebuild": [], "logs": [], "secretsmanager": [], "ssm": ["command_executed"], "sts": [],
    }  # fmt: skip
    with pytest.raises(ClientError) as refused:
        client("ssm").get_command_invocation(CommandId="c" * 36, InstanceId="i")
    assert code_of(refused) == "NotImplemented"


# S3


def test_the_transfer_manager_sends_and_gets_in_parts(s3: Any, bucket: str) -> None:
    body = os.urandom(20 * MB)
    config = TransferConfig(multipart_threshold=5 * MB, multipart_chunksize=5 * MB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
    head = s3.head_object(Bucket=bucket, Key="big")
    assert head["ContentLength"] == len(body)
    assert head["ETag"].endswith('-4"')
    back = io.BytesIO()
    s3.download_fileobj(bucket, "big", back, Config=config)
    assert back.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(body)


def test_a_body_is_read_as_it_comes(s3: Any, bucket: str) -> None:
    body = os.urandom(3 * MB)
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), Metadata={"a": "b"})
    found = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes=10-{2 * MB}")
    assert found["ContentRange"] == f"bytes 10-{2 * MB}/{3 * MB}"
    assert b"".join(found["Body"].iter_chunks(65536)) == body[10 : 2 * MB + 1]
    with s3.get_object(Bucket=bucket, Key="k")["Body"] as stream:
        assert stream.read(10) == body[:10]


@pytest.mark.parametrize(
    "key",
    [
        "grüße/日本.txt",
        "🚀",
        "../up",
        "a/../../b",
        "/",
        "//a//",
        ".",
        "a b+c%20&d=e?f#g",
        "k" * 1024,
    ],
)
def test_any_key_is_a_key(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    with urlopen(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})) as answer:
        assert answer.read() == key.encode()
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert [item["Key"] for item in done["Deleted"]] == [key]


def test_conditional_writes(s3: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "k"}
    first = s3.put_object(**place, Body=b"1", IfNoneMatch="*")["ETag"]
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"0"'}):
        with pytest.raises(ClientError) as refused:
            s3.put_object(**place, Body=b"2", **condition)
        assert (code_of(refused), status_of(refused)) == ("PreconditionFailed", 412)
    s3.put_object(**place, Body=b"3", IfMatch=first)
    with pytest.raises(ClientError) as refused:
        s3.get_object(**place, IfMatch=first)
    assert status_of(refused) == 412
    assert s3.get_object(**place)["Body"].read() == b"3"


@pytest.fixture
def localhost_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """All names below localhost lead to the loopback (RFC 6761), whatever the system resolves."""
    resolve = socket.getaddrinfo

    def found(host: Any, *arguments: Any, **named: Any) -> Any:
        below = str(host).endswith(".localhost")
        return resolve("127.0.0.1" if below else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.usefixtures("localhost_names")
def test_a_bucket_in_the_host_name(installation: Any, s3: Any, bucket: str) -> None:
    style = {"addressing_style": "virtual"}
    virtual = installation.client("s3", host="s3.localhost", s3=style)
    virtual.put_object(Bucket=bucket, Key="a/b", Body=b"virtual")
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"virtual"
    url = virtual.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/b"})
    assert url.startswith(f"http://{bucket}.s3.localhost:{installation.port}/a/b?")
    with urlopen(url) as answer:
        assert answer.read() == b"virtual"


def test_a_presigned_post_is_refused(s3: Any, bucket: str) -> None:
    post = s3.generate_presigned_post(bucket, "k")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(post["url"], b"--x--", form))
    with refused.value as answer:
        assert (answer.status, b"MethodNotAllowed" in answer.read()) == (405, True)


# Errors


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("s3", "get_object", {"Bucket": "no-such-bucket", "Key": "k"}, "NoSuchBucket"),
        ("s3", "head_bucket", {"Bucket": "no-such-bucket"}, "404"),
        ("ssm", "get_parameter", {"Name": "/no/such"}, "ParameterNotFound"),
        ("secretsmanager", "get_secret_value", {"SecretId": "no"}, "ResourceNotFoundException"),
        ("logs", "describe_log_streams", {"logGroupName": "no"}, "ResourceNotFoundException"),
        ("codebuild", "start_build", {"projectName": "no"}, "ResourceNotFoundException"),
        ("codebuild", "list_builds", {"nextToken": "no"}, "InvalidInputException"),
        ("sts", "assume_role", {"RoleArn": "x" * 20, "RoleSessionName": "ada"}, "ValidationError"),
    ],
)
def test_errors_have_the_codes_of_aws(
    client: Client, service: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**arguments)
    assert code_of(refused) == code
    assert 400 <= status_of(refused) < 500
    assert refused.value.response["ResponseMetadata"]["RequestId"]


def test_errors_are_exceptions_of_the_client(client: Client, s3: Any, bucket: str) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="no")
    with pytest.raises(client("ssm").exceptions.ParameterNotFound):
        client("ssm").get_parameter(Name="/no/such")
    with pytest.raises(client("codebuild").exceptions.ResourceNotFoundException):
        client("codebuild").start_build(projectName="no")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("codebuild", "list_shared_projects", {}),
        ("logs", "describe_destinations", {}),
        ("s3", "list_bucket_inventory_configurations", {"Bucket": "bucket"}),
        ("ssm", "list_commands", {}),
        ("secretsmanager", "rotate_secret", {"SecretId": "no"}),
        ("sts", "get_federation_token", {"Name": "ada"}),
    ],
)
def test_an_operation_that_is_not_there_names_itself(
    client: Client, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**arguments)
    assert (code_of(refused), status_of(refused)) == ("NotImplemented", 501)
    assert operation.replace("_", "") in str(refused.value).lower()


# Others


def test_cbor_is_spoken_to_who_speaks_it(installation: Any, project: str) -> None:
    """What newer SDKs send to CodeBuild, boto3 among them."""
    request = Request(
        f"{installation.endpoint}/service/CodeBuild_20161006/operation/BatchGetProjects",
        cbor2.dumps({"names": [project, "no"]}),
        {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"},
    )
    with urlopen(request) as answer:
        assert answer.headers["Smithy-Protocol"] == "rpc-v2-cbor"
        found = cbor2.loads(answer.read())
    assert [one["name"] for one in found["projects"]] == [project]
    assert found["projectsNotFound"] == ["no"]


def test_the_sandbox_answers_for_the_rest_and_says_so(client: Client) -> None:
    dynamodb, name = client("dynamodb"), f"t-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    put = dynamodb.put_item(TableName=name, Item={"k": {"S": "a"}})
    headers = put["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-penstock-answered-by"] == "sandbox"
    assert dynamodb.get_item(TableName=name, Key={"k": {"S": "a"}})["Item"] == {"k": {"S": "a"}}


def test_lines_of_a_build_are_there_within_a_second(
    client: Client, until: Until, tmp_path: Any
) -> None:
    codebuild, logs = client("codebuild"), client("logs")
    project = make_project(codebuild, "for i in 1 2 3 4 5; do date +at=%s.%N; sleep 0.2; done")
    build = codebuild.start_build(projectName=project)["build"]["id"].partition(":")[2]
    late: list[float] = []
    for line in follow(logs, f"/aws/codebuild/{project}", build):
        if line.startswith("at="):
            late.append(time.time() - float(line.removeprefix("at=")))
        if len(late) == 5:
            break
    assert max(late) < 1


def follow(logs: Any, group: str, stream: str) -> Iterator[str]:
    """Lines as GetLogEvents gives them, each once."""
    token: dict[str, str] = {}
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            page = logs.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, **token
            )
        except logs.exceptions.ResourceNotFoundException:
            continue  # the build has not begun
        token = {"nextToken": page["nextForwardToken"]}
        yield from (event["message"] for event in page["events"])
