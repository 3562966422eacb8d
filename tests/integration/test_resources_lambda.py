"""Lambda's types, in the sandbox."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.resources.lambda_code import zipped

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox
from .test_resources_iam import TRUST

pytestmark = pytest.mark.anyio

FUNCTION = "AWS::Lambda::Function"
ROLE = "arn:aws:iam::000000000000:role/runs"
SOURCE = "def handler(event, context):\n    return event\n"
GIVEN: dict[str, Any] = {
    "FunctionName": "notify",
    "Role": ROLE,
    "Runtime": "python3.12",
    "Handler": "index.handler",
    "Code": {"ZipFile": SOURCE},
    "Timeout": "30",
    "Environment": {"Variables": {"STAGE": "prod"}},
}


@pytest.fixture
async def lambdas(sandbox: SandboxBench) -> SandboxBench:
    role = {"RoleName": "runs", "AssumeRolePolicyDocument": TRUST}
    await sandbox.made("Runs", "AWS::IAM::Role", role)
    return sandbox


async def configuration(lambdas: SandboxBench) -> dict[str, Any]:
    return await lambdas.ask("lambda", "GetFunctionConfiguration", FunctionName="notify")


def archive(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, text in files.items():
            opened.writestr(f"{name}.py", text)
    return made.getvalue()


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


async def test_a_function_of_inline_code_is_made_changed_and_deleted(
    lambdas: SandboxBench,
) -> None:
    made = await lambdas.made("Notify", FUNCTION, GIVEN)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:notify"
    assert (made.physical_id, made.attributes["Arn"]) == ("notify", arn)
    found = await configuration(lambdas)
    assert found["CodeSha256"] == digest(zipped(SOURCE, "python3.12"))
    assert (found["Timeout"], found["Environment"]["Variables"]) == (30, {"STAGE": "prod"})
    tags = await lambdas.ask("lambda", "ListTags", Resource=arn)
    assert tags["Tags"] == {"team": "web"}

    other = {**GIVEN, "Code": {"ZipFile": SOURCE + "\n"}, "ReservedConcurrentExecutions": 2}
    del other["Timeout"], other["Environment"]
    await lambdas.update("Notify", other)
    found = await configuration(lambdas)
    assert found["CodeSha256"] == digest(zipped(SOURCE + "\n", "python3.12"))
    assert found["Timeout"] == 3
    assert found.get("Environment", {}).get("Variables", {}) == {}
    reserved = await lambdas.ask("lambda", "GetFunctionConcurrency", FunctionName="notify")
    assert reserved["ReservedConcurrentExecutions"] == 2

    await lambdas.delete("Notify")
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        await configuration(lambdas)


def test_inline_code_is_a_file_beside_the_module_for_custom_resources() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(SOURCE, "python3.12"))) as opened:
        assert opened.namelist() == ["index.py", "cfnresponse.py"]
        assert opened.read("index.py").decode() == SOURCE
        compile(opened.read("cfnresponse.py"), "cfnresponse.py", "exec")
    with zipfile.ZipFile(io.BytesIO(zipped("", "nodejs22.x"))) as opened:
        assert opened.namelist() == ["index.js", "cfn-response.js"]
    with pytest.raises(AwsError, match="Runtime"):
        zipped(SOURCE, "java21")


async def test_code_in_a_bucket_of_the_server_reaches_the_sandbox(lambdas: SandboxBench) -> None:
    await lambdas.ask("s3", "CreateBucket", Bucket="code")
    data = archive(app="x = 1\n")
    await lambdas.ask("s3", "PutObject", Bucket="code", Key="app.zip", Body=data)
    place = {"S3Bucket": "code", "S3Key": "app.zip"}
    await lambdas.made("Notify", FUNCTION, {**GIVEN, "Code": place})
    assert (await configuration(lambdas))["CodeSha256"] == digest(data)

    layer = {"LayerName": "libs", "Content": place, "CompatibleRuntimes": ["python3.12"]}
    made = await lambdas.made("Libs", "AWS::Lambda::LayerVersion", layer)
    assert made.physical_id == "arn:aws:lambda:us-east-1:000000000000:layer:libs:1"
    allowed = {
        "LayerVersionArn": made.physical_id, "Action": "lambda:GetLayerVersion", "Principal": "*"
    }  # fmt: skip
    await lambdas.made("Open", "AWS::Lambda::LayerVersionPermission", allowed)
    await lambdas.delete("Open")
    await lambdas.delete("Libs")
    assert (await lambdas.ask("lambda", "ListLayers"))["Layers"] == []

    missing = {**GIVEN, "FunctionName": "b", "Code": {**place, "S3Key": "other.zip"}}
    told = await lambdas.refused("Other", FUNCTION, missing)
    assert "Error occurred while GetObject. S3 Error Code: NoSuchKey." in told


async def test_versions_aliases_and_who_may_invoke(lambdas: SandboxBench) -> None:
    await lambdas.made("Notify", FUNCTION, GIVEN)
    version = await lambdas.made("One", "AWS::Lambda::Version", {"FunctionName": "notify"})
    assert version.attributes["Version"] == "1"
    assert version.physical_id.endswith(":function:notify:1")
    alias = {"FunctionName": "notify", "FunctionVersion": "1", "Name": "live"}
    made = await lambdas.made("Live", "AWS::Lambda::Alias", alias)
    assert made.physical_id.endswith(":function:notify:live")
    found = await lambdas.ask("lambda", "GetAlias", FunctionName="notify", Name="live")
    assert found["FunctionVersion"] == "1"
    await lambdas.update("Live", {**alias, "Description": "now"})
    found = await lambdas.ask("lambda", "GetAlias", FunctionName="notify", Name="live")
    assert found["Description"] == "now"

    permission = {
        "FunctionName": "notify",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }
    allowed = await lambdas.made("May", "AWS::Lambda::Permission", permission)
    policy = await lambdas.ask("lambda", "GetPolicy", FunctionName="notify")
    assert allowed.physical_id in policy["Policy"]
    for logical in ("May", "Live", "One", "Notify"):
        await lambdas.delete(logical)
    assert (await lambdas.ask("lambda", "ListFunctions"))["Functions"] == []


async def test_urls_sources_and_what_becomes_of_events(lambdas: SandboxBench) -> None:
    await lambdas.made("Notify", FUNCTION, GIVEN)
    queue = await lambdas.made("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs"})
    source = {
        "FunctionName": "notify", "EventSourceArn": queue.attributes["Arn"], "BatchSize": "5"
    }  # fmt: skip
    type = "AWS::Lambda::EventSourceMapping"
    mapping = await lambdas.made("Source", type, source)
    again = await lambdas.made("Source", type, source, again=True)
    assert again == mapping
    await lambdas.update("Source", {**source, "BatchSize": 7})
    found = await lambdas.ask("lambda", "GetEventSourceMapping", UUID=mapping.physical_id)
    assert found["BatchSize"] == 7

    url = {"TargetFunctionArn": "notify", "AuthType": "NONE"}
    made = await lambdas.made("Url", "AWS::Lambda::Url", url)
    assert made.attributes["FunctionUrl"].startswith("https://")
    given = {"FunctionName": "notify", "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    await lambdas.made("Events", "AWS::Lambda::EventInvokeConfig", given)
    for logical in ("Events", "Url", "Source", "Jobs", "Notify"):
        await lambdas.delete(logical)
    assert (await lambdas.ask("lambda", "ListEventSourceMappings"))["EventSourceMappings"] == []
