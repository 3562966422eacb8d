"""CloudFormation as an action of pipelines (CP-130, CP-150…155)."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from penstock.flow.overdue_actions import sweep_actions
from penstock.services.cloudformation.template_sources import TEMPLATE
from penstock.state.pipelines import ActionStatus, Retry, RunStatus, Stop, Stopping
from penstock.store import Store

from .plant import APPROVE, SOURCE, stage
from .smithy import BAD, ROLE, Smithy, as_json, deploying, in_template, stored, template
from .stack_desk import StackDesk

pytestmark = pytest.mark.anyio

ONE = template(
    {"A": stored("/a")}, Outputs={"Name": {"Value": {"Ref": "A"}}, "Word": {"Value": "hello"}}
)
TOLD = {"Name": "/a", "Word": "hello"}
CHOSEN = template(
    {"A": stored("/a", {"Fn::Sub": "${Stage} ${Size} ${Place}"})},
    Parameters={
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number", "Default": 1},
        "Place": {"Type": "String", "Default": "here"},
    },
)
FAILING = template({"A": stored("/a"), "B": {"Type": "AWS::S3::Bucket", "DependsOn": "A"}})
FAILING["Resources"]["B"]["Properties"] = {"BucketName": BAD}


@pytest.fixture
def smithy(store: Store) -> Smithy:
    return Smithy(store)


def overriding(**values: Any) -> str:
    return json.dumps(values)


def get_param(artifact: str, file: str, key: str) -> dict[str, Any]:
    return {"Fn::GetParam": [artifact, file, key]}


async def content(smithy: Smithy, row: Any, output: str) -> dict[str, Any]:
    """The files of an artifact, all of them JSON."""
    run = await smithy.run(row.execution)
    data = await smithy.read("artifacts", run.artifacts[output].key)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


# Modes


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


# What it is deployed with


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


# What comes of it


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


# Who does not wait


async def begun(smithy: Smithy, *actions: Any) -> Any:
    """The row of an action whose stack is under way."""
    await smithy.pipeline(*(actions or (deploying(),)))
    await smithy.begin()
    await smithy.act()
    row = (await smithy.actions())["Deploy"]
    assert (row.status, row.waiting) == (ActionStatus.IN_PROGRESS, True)
    return row


async def test_a_pipeline_that_abandons_its_action_leaves_the_stack(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(ONE)
    row = await begun(smithy)
    await smithy.happen(Stop(row.execution, Stopping.ABANDON))
    await smithy.work()
    assert (await smithy.actions())["Deploy"].status == ActionStatus.ABANDONED
    assert (await smithy.run(row.execution)).status == RunStatus.STOPPED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_an_action_has_three_days(smithy: Smithy) -> None:
    """CP-055, CP-130"""
    await smithy.stock(ONE)
    await begun(smithy)
    later = smithy.tick(timedelta(days=3, seconds=1))
    assert await sweep_actions(smithy.store, later, timedelta(hours=1)) == 1
    row = (await smithy.actions())["Deploy"]
    assert row.error["message"] == "The action Deploy has timed out: it had 3 days"
    await smithy.work()
    assert (await smithy.actions())["Deploy"].status == ActionStatus.FAILED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_an_action_hears_that_its_stack_is_deleted_meanwhile(smithy: Smithy) -> None:
    """CP-130"""
    await smithy.stock(ONE)
    await begun(smithy)
    await smithy.ask("DeleteStack")
    row = (await smithy.actions())["Deploy"]
    assert row.error["message"] == "The stack is being deleted"
    await smithy.work()
    assert await smithy.stack() == {}


# Two pipelines and one stack


async def test_another_pipeline_cannot_update_meanwhile(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    first = await begun(smithy)
    await smithy.pipeline(deploying())
    await smithy.begin()
    await smithy.act()
    second = (await smithy.actions())["Deploy"]
    assert "is in CREATE_IN_PROGRESS state and can not be updated" in second.error["message"]
    await smithy.work()
    assert (await smithy.row(first.id)).status == ActionStatus.SUCCEEDED


async def test_what_another_does_afterwards_is_not_taken_for_ones_own(smithy: Smithy) -> None:
    """CP-130, CP-151: before the first is asked again the stack is somebody else's already."""
    await smithy.stock(ONE)
    first = await begun(smithy)
    await smithy.perform()
    await smithy.ask("UpdateStack", TemplateBody=template({"A": stored("/a", "theirs")}))
    await smithy.perform()
    await smithy.work()
    assert (await smithy.row(first.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.world() == {"/a": "theirs"}
    assert await smithy.operations() == ["CREATE", "UPDATE"]


async def test_a_stack_made_anew_is_not_deleted_by_whoever_deleted_the_old(smithy: Smithy) -> None:
    """CP-130, CP-151"""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    row = await begun(smithy, deploying("DELETE_ONLY"))
    await smithy.perform()
    await smithy.ask("CreateStack", TemplateBody=ONE)
    await smithy.work()
    assert (await smithy.row(row.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.status() == "CREATE_COMPLETE"


async def test_a_delete_that_has_failed_does_not_begin_again_with_its_token(
    smithy: Smithy,
) -> None:
    """CP-130: an action may ask twice."""
    await smithy.ask("CreateStack", TemplateBody=ONE)
    await smithy.perform()
    for _ in range(2):
        await smithy.ask("DeleteStack", ClientRequestToken="one")
        await smithy.perform(["DELETE A"])
        assert await smithy.status() == "DELETE_FAILED"
    assert await smithy.operations() == ["CREATE", "DELETE"]


async def test_two_pipelines_delete_the_same_stack(smithy: Smithy) -> None:
    """CP-130, CP-151: neither keeps the other from hearing of the end."""
    await smithy.stock(ONE)
    await smithy.succeeded(deploying())
    first = await begun(smithy, deploying("DELETE_ONLY"))
    await smithy.pipeline(deploying("DELETE_ONLY"))
    await smithy.begin()
    await smithy.fetched()
    await smithy.act_together()
    second = (await smithy.actions())["Deploy"]
    assert (second.id != first.id, second.waiting) == (True, False)
    (later,) = await smithy.jobs()
    assert later.action == second.id
    await smithy.foundry.work()
    assert {job.action for job in await smithy.jobs()} == {first.id, second.id}
    await smithy.work()
    for one in (first, second):
        assert (await smithy.row(one.id)).status == ActionStatus.SUCCEEDED
    assert await smithy.operations() == ["CREATE", "DELETE"]


async def test_two_pipelines_replace_the_same_change_set(smithy: Smithy) -> None:
    """CP-130, CP-152"""
    await smithy.stock(ONE)
    for _ in range(2):
        await smithy.pipeline(deploying("CHANGE_SET_REPLACE"))
        await smithy.begin()
    await smithy.act_together()  # the sources
    await smithy.act_together()
    await smithy.work()
    rows = await smithy.store.database.fetch(
        "SELECT status FROM action_executions WHERE action = 'Deploy'"
    )
    assert [row.status for row in rows] == [ActionStatus.SUCCEEDED] * 2
    assert len((await smithy.ask("ListChangeSets"))["Summaries"]) == 1


async def test_a_pipeline_deploys_the_stack_that_it_is_in_itself(smithy: Smithy) -> None:
    """CP-022, CP-130: the action ends as any, and its run as one whose pipeline has changed."""
    await smithy.stock(ONE)
    declared = own_pipeline()
    await smithy.ask("CreateStack", TemplateBody=declared)
    await smithy.perform()
    smithy.name = smithy.name._replace(name="itself")
    changed = own_pipeline("Last")
    await smithy.stock(changed)
    await smithy.work()
    row = (await smithy.actions())["Deploy"]
    assert (row.status, row.summary) == (ActionStatus.SUCCEEDED, "web is UPDATE_COMPLETE")
    assert (await smithy.run(row.execution)).status == RunStatus.CANCELLED
    assert [one.name for one in (await smithy.state()).definitions[2].stages] == [
        "Source", "Deploy", "Last"
    ]  # fmt: skip


def own_pipeline(*more: str) -> dict[str, Any]:
    stages = [
        stage("Source", SOURCE),
        stage("Deploy", deploying()),
        *(stage(name, APPROVE) for name in more),
    ]
    properties = {
        "Name": "itself",
        "RoleArn": "arn:aws:iam::000000000000:role/pipeline",
        "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
        "Stages": in_template(stages),
    }
    return template({"Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}})
