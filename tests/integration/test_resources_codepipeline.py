"""Pipelines, their webhooks and types of actions that stacks make."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.state.stacks import NotMade
from penstock.store.buckets import create_bucket

from .resource_bench import ACCOUNT, NOON, REGION, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
PIPELINE = "AWS::CodePipeline::Pipeline"
WEBHOOK = "AWS::CodePipeline::Webhook"
CUSTOM = "AWS::CodePipeline::CustomActionType"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:web"


def action(name: str, category: str, provider: str, **members: Any) -> dict[str, Any]:
    type_id = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": 1}
    return {"Name": name, "ActionTypeId": type_id, **members}


FETCH = action(
    "Fetch",
    "Source",
    "S3",
    Configuration={"S3Bucket": "source", "S3ObjectKey": "a.zip", "PollForSourceChanges": False},
    OutputArtifacts=[{"Name": "App"}],
    RunOrder="1",
)
ASK = action("Ask", "Approval", "Manual")
WEB: dict[str, Any] = {
    "Name": "web",
    "RoleArn": ROLE,
    "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
    "Stages": [
        {"Name": "Source", "Actions": [FETCH]},
        {"Name": "Approve", "Actions": [ASK]},
    ],
}


@pytest.fixture
async def bucket(bench: Bench) -> None:
    await create_bucket(bench.store.database, "artifacts", ACCOUNT, REGION, {}, NOON)


async def pipeline(bench: Bench) -> Any:
    return (await bench.ask("codepipeline", "GetPipeline", name="web"))["pipeline"]


async def tags(bench: Bench, arn: str) -> dict[str, str]:
    found = await bench.ask("codepipeline", "ListTagsForResource", resourceArn=arn)
    return {tag["key"]: tag["value"] for tag in found["tags"]}


async def gates(bench: Bench) -> dict[str, Any]:
    state = await bench.ask("codepipeline", "GetPipelineState", name="web")
    found = {}
    for stage in state["stageStates"]:
        transition = stage["inboundTransitionState"]
        found[stage["stageName"]] = transition.get("disabledReason", transition["enabled"])
    return found


async def runs(bench: Bench) -> list[str]:
    found = await bench.ask("codepipeline", "ListPipelineExecutions", pipelineName="web")
    return [run["trigger"]["triggerType"] for run in found["pipelineExecutionSummaries"]]


async def test_a_pipeline_is_created_changed_and_deleted(bench: Bench, bucket: None) -> None:
    """CP-020 to CP-023"""
    closed = {**WEB, "DisableInboundStageTransitions": [{"StageName": "Approve", "Reason": "no"}]}
    made = await bench.create("Web", PIPELINE, {**closed, "Tags": [{"Key": "a", "Value": "1"}]})
    assert (made.physical_id, made.attributes) == ("web", {"Arn": ARN, "Version": "1"})
    found = await pipeline(bench)
    (fetch,) = found["stages"][0]["actions"]
    assert fetch["configuration"]["PollForSourceChanges"] == "false"
    assert (fetch["actionTypeId"]["version"], fetch["runOrder"]) == ("1", 1)
    assert await tags(bench, ARN) == {"a": "1", "team": "web"}
    assert await gates(bench) == {"Source": True, "Approve": "no"}
    assert await runs(bench) == ["CreatePipeline"]

    deploy = action("Copy", "Deploy", "S3", InputArtifacts=[{"Name": "App"}])
    deploy["Configuration"] = {"BucketName": "site", "Extract": True}
    stages = [*WEB["Stages"], {"Name": "Deploy", "Actions": [deploy]}]
    changed = await bench.update("Web", {**WEB, "Stages": stages, "RestartExecutionOnUpdate": True})
    assert changed.attributes["Version"] == "2"
    assert await gates(bench) == {"Source": True, "Approve": True, "Deploy": True}
    assert await tags(bench, ARN) == {"team": "web"}
    assert sorted(await runs(bench)) == ["CreatePipeline", "StartPipelineExecution"]
    await bench.updated("Web", {**WEB, "Stages": stages, "RestartExecutionOnUpdate": True})
    assert len(await runs(bench)) == 2  # the same task done again

    await bench.delete("Web")
    assert (await bench.ask("codepipeline", "ListPipelines"))["pipelines"] == []


async def test_a_pipeline_that_is_the_same_keeps_its_version(bench: Bench, bucket: None) -> None:
    await bench.create("Web", PIPELINE, WEB)
    made = await bench.update("Web", {**WEB, "Tags": [{"Key": "b", "Value": "2"}]})
    assert made.attributes["Version"] == "1"
    assert await tags(bench, ARN) == {"b": "2", "team": "web"}


async def test_a_pipeline_done_again_and_one_of_somebody_else(bench: Bench, bucket: None) -> None:
    await bench.create("Web", PIPELINE, WEB)
    assert "already exists" in await bench.refused("Web", PIPELINE, WEB)
    again = await bench.create("Web", PIPELINE, WEB, again=True)
    assert again.attributes["Version"] == "1"


async def test_a_pipeline_of_the_second_kind(bench: Bench, bucket: None) -> None:
    rule = {
        "Name": "Check",
        "RuleTypeId": {"Category": "Rule", "Owner": "AWS", "Provider": "VariableCheck",
                       "Version": "1"},
        "Configuration": {"Variable": "a", "Value": "b", "Operator": "EQ"},
    }  # fmt: skip
    asked = {
        **WEB,
        "ExecutionMode": "QUEUED",
        "PipelineType": "V2",
        "Variables": [{"Name": "Who", "DefaultValue": 1}],
    }
    asked["Stages"][1]["BeforeEntry"] = {"Conditions": [{"Result": "FAIL", "Rules": [rule]}]}
    made = await bench.create("Web", PIPELINE, {**asked, "Name": ""})
    assert made.physical_id.startswith("shop-Web-")
    found = await bench.ask("codepipeline", "GetPipeline", name=made.physical_id)
    assert found["pipeline"]["variables"] == [{"name": "Who", "defaultValue": "1"}]
    gate = found["pipeline"]["stages"][1]["beforeEntry"]["conditions"][0]
    assert gate["rules"][0]["configuration"]["Operator"] == "EQ"
    del asked["Stages"][1]["BeforeEntry"]


async def test_stores_of_several_regions(bench: Bench, bucket: None) -> None:
    await create_bucket(bench.store.database, "far", ACCOUNT, "eu-west-1", {}, NOON)
    asked = {key: value for key, value in WEB.items() if key != "ArtifactStore"}
    far = {"Type": "S3", "Location": "far"}
    asked["ArtifactStores"] = [
        {"Region": REGION, "ArtifactStore": WEB["ArtifactStore"]},
        {"Region": "eu-west-1", "ArtifactStore": far},
    ]
    there = {**ASK, "Region": "eu-west-1", "Name": "Build"}
    there["ActionTypeId"] = {**ASK["ActionTypeId"], "Category": "Build", "Provider": "CodeBuild"}
    there |= {"InputArtifacts": [{"Name": "App"}], "Configuration": {"ProjectName": "a"}}
    asked["Stages"] = [WEB["Stages"][0], {"Name": "Build", "Actions": [there]}]
    await bench.create("Web", PIPELINE, asked)
    assert (await pipeline(bench))["artifactStores"]["eu-west-1"] == {
        "type": "S3",
        "location": "far",
    }


async def test_a_stage_that_is_not_there_cannot_be_closed(bench: Bench, bucket: None) -> None:
    closed = [{"StageName": "Nowhere", "Reason": "no"}]
    asked = {**WEB, "DisableInboundStageTransitions": closed}
    outcome = await bench.created("Web", PIPELINE, asked)
    assert isinstance(outcome, NotMade)
    assert outcome.physical_id == "web"


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Stage": []}, "Encountered unsupported property Stage"),
        ({"Stages": ["Source"]}, "Value of property Stages must be a list of objects"),
        ({"ArtifactStore": {"Bucket": "a"}}, "Encountered unsupported property Bucket"),
        ({"ArtifactStore": {"Type": "S3", "Location": "none"}}, "create it first"),
    ],
)
async def test_what_cannot_be_is_refused(
    bench: Bench, bucket: None, properties: dict[str, Any], told: str
) -> None:
    assert told in await bench.refused("Web", PIPELINE, {**WEB, **properties})


async def test_a_webhook_is_created_changed_and_deleted(bench: Bench, bucket: None) -> None:
    """CP-104, CP-105"""
    await bench.create("Web", PIPELINE, WEB)
    asked = {
        "Authentication": "GITHUB_HMAC",
        "AuthenticationConfiguration": {"SecretToken": "s"},
        "Filters": [{"JsonPath": "$.ref", "MatchEquals": "refs/heads/{Branch}"}],
        "Name": "hook",
        "RegisterWithThirdParty": True,
        "Tags": [{"Key": "a", "Value": "1"}],
        "TargetAction": "Fetch",
        "TargetPipeline": "web",
        "TargetPipelineVersion": 1,
    }
    made = await bench.create("Hook", WEBHOOK, asked)
    assert (made.physical_id, made.attributes["Id"]) == ("hook", "hook")
    assert made.attributes["Url"].startswith("http://127.0.0.1:4545/_penstock/webhooks/")
    assert "already exists" in await bench.refused("Hook", WEBHOOK, asked)
    again = await bench.create("Hook", WEBHOOK, asked, again=True)
    assert again.attributes == made.attributes
    open_to_all = {"Authentication": "UNAUTHENTICATED", "AuthenticationConfiguration": {}}
    changed = await bench.update("Hook", {**asked, **open_to_all, "Tags": []})
    assert changed.attributes["Url"] == made.attributes["Url"]
    (found,) = (await bench.ask("codepipeline", "ListWebhooks"))["webhooks"]
    assert found["definition"]["authentication"] == "UNAUTHENTICATED"
    assert found["tags"] == [{"key": "team", "value": "web"}]
    await bench.delete("Hook")
    assert (await bench.ask("codepipeline", "ListWebhooks"))["webhooks"] == []


async def test_a_type_of_actions_is_created_changed_and_deleted(bench: Bench) -> None:
    """CP-145"""
    counts = {"MinimumCount": 0, "MaximumCount": "1"}
    asked = {
        "Category": "Build",
        "ConfigurationProperties": [{"Name": "Job", "Required": True}],
        "InputArtifactDetails": counts,
        "OutputArtifactDetails": counts,
        "Provider": "Mill",
        "Version": "1",
    }
    made = await bench.create("Mill", CUSTOM, asked)
    assert (made.physical_id, made.attributes) == ("Build|Mill|1", {"Id": "Build|Mill|1"})
    assert "already exists" in await bench.refused("Mill", CUSTOM, asked)
    await bench.create("Mill", CUSTOM, asked, again=True)
    await bench.update("Mill", {**asked, "Tags": [{"Key": "a", "Value": "1"}]})
    arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:actiontype:Custom/Build/Mill/1"
    assert await tags(bench, arn) == {"a": "1", "team": "web"}
    await bench.delete("Mill")
    listed = await bench.ask("codepipeline", "ListActionTypes", actionOwnerFilter="Custom")
    assert listed["actionTypes"] == []
