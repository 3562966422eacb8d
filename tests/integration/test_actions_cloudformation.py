"""CloudFormation as an action of pipelines: modes, and what comes of it (CP-130, CP-150…155)."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from penstock.state.pipelines import Retry

from .smithy import (
    BAD,
    CHOSEN,
    ONE,
    ROLE,
    Smithy,
    as_json,
    deploying,
    get_param,
    overriding,
    stored,
    template,
)
from .smithy import smithy as smithy

pytestmark = pytest.mark.anyio

TOLD = {"Name": "/a", "Word": "hello"}
FAILING = template({"A": stored("/a"), "B": {"Type": "AWS::S3::Bucket", "DependsOn": "A"}})
FAILING["Resources"]["B"]["Properties"] = {"BucketName": BAD}


async def content(smithy: Smithy, row: Any, output: str) -> dict[str, Any]:
    """The files of an artifact, all of them JSON."""
    run = await smithy.run(row.execution)
    data = await smithy.read("artifacts", run.artifacts[output].key)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


async def test_a_stack_is_created_and_updated_with_the_role(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    row = await smithy.succeeded(deploying())
    stack = await smithy.stack()
    assert (row.external_id, row.summary) == (stack["StackId"], "web is CREATE_COMPLETE")
    assert stack["RoleARN"] == ROLE
    await smithy.stock(template({"A": stored("/a", "2")}))
    row = await smithy.succeeded(deploying())
    assert row.summary == "web is UPDATE_COMPLETE"
    assert await smithy.world() == {"/a": "2"}


async def test_each_key_that_a_mode_needs_is_told(smithy: Smithy) -> None:
    """CP-150"""
    await smithy.stock(ONE)
    assert await smithy.failed(deploying(RoleArn="")) == (
        "ConfigurationError: RoleArn: CREATE_UPDATE needs it"
    )
    failed = await smithy.failed(deploying("CHANGE_SET_EXECUTE", ChangeSetName="", RoleArn=""))
    assert failed == "ConfigurationError: ChangeSetName: CHANGE_SET_EXECUTE needs it"
    assert await smithy.stack() == {}


async def test_an_update_that_changes_nothing_has_succeeded(smithy: Smithy) -> None:
    """CP-151, CP-155"""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    row = await smithy.succeeded(deploying(outputs=("Out",), OutputFileName="outputs.json"))
    assert row.summary == "No updates are to be performed."
    assert await smithy.operations() == ["CREATE"]
    assert await content(smithy, row, "Out") == {"outputs.json": TOLD}


async def test_a_change_set_replaces_that_of_its_name_and_is_executed(smithy: Smithy) -> None:
    """CP-152"""
    found = []
    for value in ("1", "2"):
        await smithy.stock(template({"A": stored("/a", value)}))
        row = await smithy.succeeded(deploying("CHANGE_SET_REPLACE"))
        (made,) = (await smithy.ask("ListChangeSets"))["Summaries"]
        assert row.external_id == made["ChangeSetId"]
        found.append(made["ChangeSetId"])
    assert found[0] != found[1]
    assert await smithy.world() == {}
    row = await smithy.succeeded(deploying("CHANGE_SET_EXECUTE", RoleArn="is not looked at"))
    assert row.summary == "web is CREATE_COMPLETE"
    assert await smithy.world() == {"/a": "2"}
    stack = await smithy.stack()
    assert (stack["ChangeSetId"], stack["RoleARN"]) == (found[1], ROLE)
    failed = await smithy.failed(deploying("CHANGE_SET_EXECUTE"))
    assert "InvalidChangeSetStatus: " in failed
    await smithy.stock(template({"A": stored("/a", "3")}))
    await smithy.succeeded(deploying("CHANGE_SET_REPLACE"))
    assert (await smithy.stack())["ChangeSetId"] == found[1]
    row = await smithy.succeeded(deploying("CHANGE_SET_EXECUTE"))
    assert await smithy.world() == {"/a": "3"}


async def test_a_change_set_without_changes_succeeds_and_so_does_its_execution(
    smithy: Smithy,
) -> None:
    """CP-152, CP-155"""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    row = await smithy.succeeded(deploying("CHANGE_SET_REPLACE"))
    assert row.summary == "The change set next has 0 changes"
    row = await smithy.succeeded(deploying("CHANGE_SET_EXECUTE"))
    assert await smithy.operations() == ["CREATE"]
    run = await smithy.run(row.execution)
    assert run.variables["Deploy"] == TOLD


async def test_a_change_set_that_cannot_be_made_fails_with_its_reason(smithy: Smithy) -> None:
    """CP-152"""
    place = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://no/x"}}}
    await smithy.stock(template({"A": stored("/a"), **place}))
    failed = await smithy.failed(deploying("CHANGE_SET_REPLACE", Capabilities="CAPABILITY_IAM"))
    assert failed.startswith("JobFailed: next: Transform AWS::Include failed with: s3://no/x")


async def test_a_change_set_of_more_than_a_page_tells_all_changes(smithy: Smithy) -> None:
    """CP-152"""
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    await smithy.stock(template({f"H{number}": handle for number in range(101)}))
    row = await smithy.succeeded(deploying("CHANGE_SET_REPLACE"))
    assert row.summary == "The change set next has 101 changes"


async def test_a_stack_that_cannot_be_deleted_is_not_replaced(smithy: Smithy) -> None:
    """CP-151"""
    await smithy.stock(ONE)
    await smithy.ask("CreateStack", TemplateBody=FAILING)
    await smithy.perform()
    await smithy.ask("UpdateTerminationProtection", EnableTerminationProtection=True)
    failed = await smithy.failed(deploying("REPLACE_ON_FAILURE"))
    assert "Stack [web] cannot be deleted while TerminationProtection is enabled" in failed
    await smithy.ask("UpdateTerminationProtection", EnableTerminationProtection=False)
    await smithy.ask("DeleteStack")
    await smithy.perform()
    await smithy.ask("CreateStack", TemplateBody=FAILING, OnFailure="DO_NOTHING")
    await smithy.perform()
    await smithy.pipeline(deploying("REPLACE_ON_FAILURE"))
    await smithy.begin()
    await smithy.act()
    await smithy.perform(["DELETE A"])
    await smithy.work()
    row = (await smithy.actions())["Deploy"]
    assert row.error["message"] == (
        "web cannot be deleted: The following resource(s) failed to delete: [A]. A: no"
    )
    assert await smithy.status() == "DELETE_FAILED"


async def test_outputs_are_a_file_and_variables_of_what_follows(smithy: Smithy) -> None:
    """CP-154, CP-155"""
    await smithy.stock(ONE, chosen_json=as_json(CHOSEN).replace(b'"/a"', b'"/b"'))
    first = deploying(outputs=("Out",), OutputFileName="made/outputs.json")
    second = deploying(
        name="Second",
        inputs=("App", "Out"),
        StackName="other",
        TemplatePath="App::chosen.json",
        ParameterOverrides=overriding(
            Stage="#{Deploy.Name}", Place=get_param("Out", "made/outputs.json", "Word")
        ),
    )
    row = await smithy.succeeded(first, second)
    assert await content(smithy, row, "Out") == {"made/outputs.json": TOLD}
    assert await smithy.world() == {"/a": "1", "/b": "/a 1 hello"}


async def test_without_a_name_there_is_no_file_and_no_artifact(smithy: Smithy) -> None:
    """CP-155"""
    await smithy.stock(ONE)
    second = deploying(name="Second", inputs=("App", "Out"), StackName="other")
    failed = await smithy.failed(deploying(outputs=("Out",)), second)
    assert failed == "JobFailed: There is no artifact Out: no action has made it"


@pytest.mark.parametrize(
    ("mode", "told"),
    [("CHANGE_SET_REPLACE", TOLD), ("REPLACE_ON_FAILURE", TOLD), ("DELETE_ONLY", {})],
)
async def test_every_mode_but_one_has_the_outputs_as_variables(
    smithy: Smithy, mode: str, told: Any
) -> None:
    """CP-155"""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    asked: dict[str, Any] = {"OutputFileName": "outputs.json"}
    row = await smithy.succeeded(deploying(mode, outputs=("Out",), **asked))
    run = await smithy.run(row.execution)
    assert run.variables.get("Deploy") == told
    assert ("Out" in run.artifacts) is bool(told)


async def test_a_stack_that_fails_fails_the_action_with_its_reason(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(FAILING)
    failed = await smithy.failed(deploying())
    assert failed.startswith(
        "JobFailed: web is ROLLBACK_COMPLETE: The following resource(s) failed to create: [B]."
    )
    assert " B: " in failed
    await smithy.stock(ONE)
    await smithy.succeeded(deploying("REPLACE_ON_FAILURE"))
    await smithy.stock(FAILING)
    failed = await smithy.failed(deploying())
    assert "web is UPDATE_ROLLBACK_COMPLETE: The following resource(s) failed to" in failed


async def test_a_retried_stage_deploys_again(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    await smithy.bucket("in-the-way")
    body = template({"A": stored("/a"), "B": {"Type": "AWS::S3::Bucket"}})
    body["Resources"]["B"]["Properties"] = {"BucketName": "in-the-way"}
    await smithy.stock(body)
    assert "ROLLBACK_COMPLETE" in await smithy.failed(deploying("REPLACE_ON_FAILURE"))
    await smithy.foundry.ask("s3", "DeleteBucket", Bucket="in-the-way")
    row = (await smithy.actions())["Deploy"]
    await smithy.happen(Retry(row.execution, "Deploy", "FAILED_ACTIONS"))
    await smithy.work()
    assert (await smithy.actions())["Deploy"].summary == "web is CREATE_COMPLETE"
