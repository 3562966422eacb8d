"""What an action of CloudFormation deploys a stack with (CP-150…155)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from penstock.services.cloudformation.template_sources import TEMPLATE
from penstock.store import Store

from .smithy import (
    CHOSEN,
    ONE,
    Smithy,
    as_json,
    deploying,
    get_param,
    overriding,
    stored,
    template,
)
from .smithy import smithy as smithy
from .stack_desk import StackDesk

pytestmark = pytest.mark.anyio


async def test_a_file_and_overrides_say_what_parameters_are(smithy: Smithy) -> None:
    """CP-153"""
    settings = {
        "Parameters": {"Stage": "test", "Size": 2},
        "Tags": {"Team": "crm"},
        "StackPolicy": {"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*"}]},
    }
    await smithy.stock(CHOSEN, prod_json=settings)
    asked: dict[str, Any] = {
        "TemplateConfiguration": "App::prod.json",
        "ParameterOverrides": overriding(Size="3"),
    }
    await smithy.succeeded(deploying(**asked))
    assert await smithy.world() == {"/a": "test 3 here"}
    assert (await smithy.stack())["Tags"] == [{"Key": "Team", "Value": "crm"}]
    policy = (await smithy.ask("GetStackPolicy"))["StackPolicyBody"]
    assert json.loads(policy) == settings["StackPolicy"]


async def test_what_nobody_gives_keeps_the_value_that_the_stack_has(smithy: Smithy) -> None:
    """CP-153"""
    await smithy.stock(CHOSEN)
    given = overriding(Stage="prod", Size="7")
    await smithy.succeeded(deploying(ParameterOverrides=given))
    await smithy.succeeded(deploying(ParameterOverrides=overriding(Size="8")))
    assert await smithy.world() == {"/a": "prod 8 here"}
    for mode in ("CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"):
        await smithy.succeeded(deploying(mode, ParameterOverrides=overriding(Place="there")))
    assert await smithy.world() == {"/a": "prod 8 there"}


async def test_names_that_the_template_lacks_are_refused(smithy: Smithy) -> None:
    """CP-153"""
    await smithy.stock(CHOSEN, prod_json={"Parameters": {"Region": "x"}})
    failed = await smithy.failed(deploying(ParameterOverrides=overriding(Other="1")))
    assert "Parameters: [Other] do not exist in the template" in failed
    failed = await smithy.failed(deploying(TemplateConfiguration="App::prod.json"))
    assert "Parameters: [Region] do not exist in the template" in failed
    assert await smithy.stack() == {}


async def test_values_come_from_files_and_places_of_artifacts(smithy: Smithy) -> None:
    """CP-154"""
    body = template(
        {f"Of{name}": stored(f"/{name.lower()}", {"Ref": name}) for name in "ABCDE"},
        Parameters={name: {"Type": "String"} for name in "ABCDE"},
    )
    settings = {"Parameters": {"A": get_param("App", "values.json", "text")}}
    await smithy.stock(body, values_json={"text": "hello", "on": True}, conf_json=settings)
    given = overriding(
        B={"Fn::GetArtifactAtt": ["App", "BucketName"]},
        C={"Fn::GetArtifactAtt": ["App", "ObjectKey"]},
        D={"Fn::GetArtifactAtt": ["App", "URL"]},
        E=get_param("App", "values.json", "on"),
    )
    asked: dict[str, Any] = {"TemplateConfiguration": "App::conf.json", "ParameterOverrides": given}
    row = await smithy.succeeded(deploying(**asked))
    key = (await smithy.run(row.execution)).artifacts["App"].key
    assert await smithy.world() == {
        "/a": "hello",
        "/b": "artifacts",
        "/c": key,
        "/d": f"https://artifacts.s3.amazonaws.com/{key}",
        "/e": "true",
    }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"TemplatePath": "App::none.yaml"}, "App::none.yaml: there is no such file in the"),
        ({"TemplatePath": "Other::a.yaml"}, "Other is no input artifact of this action: it"),
        ({"TemplateConfiguration": "App::bad.json"}, "App::bad.json: not JSON"),
        ({"ParameterOverrides": overriding(Stage=get_param("App", "v.json", "n"))}, "has no n"),
        ({"ParameterOverrides": overriding(Stage=get_param("App", "b", "n"))}, "no such file"),
        (
            {"ParameterOverrides": overriding(Stage={"Fn::GetArtifactAtt": ["App", "Size"]})},
            "Fn::GetArtifactAtt: Size is none of BucketName, ObjectKey, URL",
        ),
    ],
)  # fmt: skip
async def test_what_an_artifact_lacks_is_told(
    smithy: Smithy, asked: dict[str, Any], words: str
) -> None:
    """CP-153, CP-154"""
    await smithy.stock(CHOSEN, bad_json=b"{", v_json={})
    failed = await smithy.failed(deploying(**asked))
    assert failed.startswith("ConfigurationError: ")
    assert words in failed
    assert await smithy.stack() == {}


async def test_an_artifact_that_is_no_archive_is_told(smithy: Smithy) -> None:
    """CP-153"""
    await smithy.stock(ONE)
    await smithy.put("source", "app.zip", b"no archive")
    failed = await smithy.failed(deploying())
    assert failed.startswith("ConfigurationError: App::template.json cannot be read: ")


@pytest.mark.parametrize(
    ("size", "passes"), [(51_201, True), (1_000_000, True), (1_000_001, False)]
)
async def test_a_template_may_be_as_long_as_an_object(
    smithy: Smithy, size: int, passes: bool
) -> None:
    """CP-153, TG-128"""
    body = as_json(ONE)
    await smithy.stock(ONE, template_json=body + b" " * (size - len(body)))
    if passes:
        await smithy.succeeded(deploying())
        await smithy.succeeded(deploying("CHANGE_SET_REPLACE"))
    else:
        failed = await smithy.failed(deploying())
        assert failed == "ConfigurationError: App::template.json has more than 1000000 bytes"


async def test_no_caller_gives_a_template_as_actions_do(store: Store) -> None:
    """TG-128"""
    desk = StackDesk(store)
    fields = {"Action": "CreateStack", "Version": "2010-05-15", "StackName": "web"}
    asked = urlencode({**fields, TEMPLATE: as_json(ONE)}).encode()
    scope = "AKIDEXAMPLE000000000/20260301/us-east-1/cloudformation/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "content-type": "application/x-www-form-urlencoded",
    }
    told = {name: text.encode() for name, text in headers.items()}
    status, _, answer = await desk.ask(told, asked)
    assert (status, b"Either Template URL or Template Body must be" in answer) == (400, True), (
        answer
    )


async def test_a_template_that_is_none_is_refused(smithy: Smithy) -> None:
    """CP-153"""
    await smithy.stock(ONE, template_json=b"Resources: [")
    assert "web: ValidationError: Template format error" in await smithy.failed(deploying())


async def test_capabilities_are_those_of_the_action(smithy: Smithy) -> None:
    """CP-155"""
    document = {"Version": "2012-10-17", "Statement": []}
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "own", "AssumeRolePolicyDocument": document},
    }
    await smithy.stock(template({"Role": role}))
    failed = await smithy.failed(deploying(Capabilities="CAPABILITY_IAM"))
    assert "Requires capabilities : [CAPABILITY_NAMED_IAM]" in failed
    failed = await smithy.failed(deploying(Capabilities="CAPABILITY_ROOT"))
    assert "web: ValidationError: 1 validation error detected: " in failed
    given = "CAPABILITY_NAMED_IAM,CAPABILITY_AUTO_EXPAND"
    await smithy.succeeded(deploying("CHANGE_SET_REPLACE", Capabilities=given))
    made = await smithy.ask("DescribeChangeSet", ChangeSetName="next")
    assert made["Capabilities"] == given.split(",")


async def test_a_stack_is_in_the_region_of_the_action(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(ONE)
    row = await smithy.succeeded({**deploying(), "region": "eu-west-1"})
    assert row.external_id.startswith("arn:aws:cloudformation:eu-west-1:")
    assert await smithy.stack() == {}
