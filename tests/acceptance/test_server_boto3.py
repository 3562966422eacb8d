"""boto3 against a real server, with the habits of other people's programs and test suites."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import cbor2
import pytest
from botocore.exceptions import ClientError

from .boto import REAL, Client, Until, code_of, make_project, status_of


@pytest.fixture
def project(client: Client) -> str:
    return make_project(client("codebuild"))


def test_no_other_service_that_is_real_has_waiters_for_what_is_there(client: Client) -> None:
    waiters = {service: client(service).waiter_names for service in REAL if service != "s3"}
    assert waiters == {
        "codebuild": [], "logs": [], "secretsmanager": [], "ssm": ["command_executed"], "sts": [],
    }  # fmt: skip
    with pytest.raises(ClientError) as refused:
        client("ssm").get_command_invocation(CommandId="c" * 36, InstanceId="i")
    assert code_of(refused) == "NotImplemented"


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
