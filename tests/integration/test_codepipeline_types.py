"""Types of actions and rules, tags, and requests that are no requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.documents.action_types import ACTION_TYPES
from penstock.documents.model_shapes import shapes_of
from penstock.documents.rule_types import RULE_TYPES
from penstock.errors import AwsError
from penstock.services.codepipeline import action_types as service
from penstock.store import Store

from .desk import ARN, Desk, action, artifacts, fetch, pipeline

pytestmark = pytest.mark.anyio

NONE = {"minimumCount": 0, "maximumCount": 0}
JOB: dict[str, Any] = {"name": "Job", "required": True, "key": True, "secret": False}
JENKINS: dict[str, Any] = {
    "category": "Build",
    "provider": "Jenkins",
    "version": "1",
    "settings": {"executionUrlTemplate": "https://ci/{Config:Job}/{ExternalExecutionId}"},
    "configurationProperties": [
        {**JOB, "queryable": True, "description": "its name", "type": "String"},
        {"name": "Token", "required": False, "key": False, "secret": True},
    ],
    "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
    "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 5},
}
NAME = {"category": "Build", "provider": "Jenkins", "version": "1"}


@pytest.fixture
async def desk(store: Store) -> Desk:
    desk = Desk(store)
    await desk.bucket()
    return desk


async def refused(desk: Desk, operation: str, /, **request: Any) -> str:
    with pytest.raises(AwsError) as raised:
        await desk(operation, **request)
    assert raised.value.status == 400
    return raised.value.code


def with_jenkins(**configuration: str) -> dict[str, Any]:
    job = action("Make", "Build Jenkins Custom", configuration=configuration)
    return pipeline("web", {"name": "Build", "actions": [job]})


async def test_a_type_of_ones_own_can_be_used_until_it_is_deleted(desk: Desk) -> None:
    """CP-012, CP-145, A03, A05"""
    declared = with_jenkins(Job="nightly", Token="secret")
    assert await refused(desk, "create_pipeline", pipeline=declared) == (
        "InvalidActionDeclarationException"
    )
    made = (await desk("create_custom_action_type", **JENKINS))["actionType"]
    assert made["id"] == {**NAME, "owner": "Custom"}
    assert made["settings"] == JENKINS["settings"]
    assert made["inputArtifactDetails"] == JENKINS["inputArtifactDetails"]
    first, second = made["actionConfigurationProperties"]
    assert first == JENKINS["configurationProperties"][0]
    assert second == {**JENKINS["configurationProperties"][1], "queryable": False}
    shown = (await desk("create_pipeline", pipeline=declared))["pipeline"]
    configuration = shown["stages"][1]["actions"][0]["configuration"]
    assert configuration == {"Job": "nightly", "Token": "****"}
    assert await desk("delete_custom_action_type", **NAME) == {}
    assert await desk("delete_custom_action_type", **NAME) == {}
    assert await refused(desk, "update_pipeline", pipeline=declared) == (
        "InvalidActionDeclarationException"
    )
    assert (await desk("get_pipeline", name="web"))["pipeline"] == shown


async def test_what_its_type_says_binds_a_custom_action(desk: Desk) -> None:
    """CP-011, CP-145"""
    await desk("create_custom_action_type", **{**JENKINS, "outputArtifactDetails": NONE})
    assert await refused(desk, "create_pipeline", pipeline=with_jenkins(Job="x" * 21)) == (
        "InvalidActionDeclarationException"
    )
    with pytest.raises(AwsError, match="is missing required configuration 'Job'"):
        await desk("create_pipeline", pipeline=with_jenkins())
    declared = with_jenkins(Job="nightly")
    declared["stages"][1]["actions"][0]["outputArtifacts"] = artifacts("Made")
    with pytest.raises(AwsError, match=r"declares 1 output artifacts which is more than .* \(0\)"):
        await desk("create_pipeline", pipeline=declared)


async def test_a_deleted_type_comes_back_as_it_was_only(desk: Desk) -> None:
    """CP-159"""
    await desk("create_custom_action_type", **JENKINS)
    assert await refused(desk, "create_custom_action_type", **JENKINS) == "ValidationException"
    await desk("delete_custom_action_type", **NAME)
    other = {**JENKINS, "inputArtifactDetails": NONE}
    assert await refused(desk, "create_custom_action_type", **other) == "ValidationException"
    await desk("create_custom_action_type", **JENKINS)
    await desk("create_custom_action_type", **{**other, "version": "2"})


@pytest.mark.parametrize(
    "change",
    [
        {"category": "Approval"},
        {"category": "Compute"},
        {"category": "Dance"},
        {"provider": "a.b"},
        {"inputArtifactDetails": {"minimumCount": 2, "maximumCount": 1}},
        {"inputArtifactDetails": {"minimumCount": 0, "maximumCount": 6}},
        {"configurationProperties": [{**JOB, "name": f"K{n}"} for n in range(11)]},
        {"configurationProperties": [JOB, JOB]},
        {"configurationProperties": [{**JOB, "queryable": True, "secret": True}]},
        {"configurationProperties": [{**JOB, "queryable": True, "required": False}]},
        {"configurationProperties": [{**JOB, "name": n, "queryable": True} for n in ("a", "b")]},
    ],
)
async def test_what_is_no_type_of_an_action_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    """CP-145, A03"""
    code = await refused(desk, "create_custom_action_type", **{**JENKINS, **change})
    assert code == "ValidationException"
    listed = await desk("list_action_types", actionOwnerFilter="Custom")
    assert listed["actionTypes"] == []


async def test_a_region_has_so_many_types(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-176"""
    monkeypatch.setattr(service, "MAX_TYPES", 1)
    await desk("create_custom_action_type", **JENKINS)
    other = {**JENKINS, "version": "2"}
    assert await refused(desk, "create_custom_action_type", **other) == "LimitExceededException"
    await desk("delete_custom_action_type", **NAME)
    await desk("create_custom_action_type", **other)


async def test_types_of_actions_are_listed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A18"""
    await desk("create_custom_action_type", **JENKINS)
    whole = (await desk("list_action_types"))["actionTypes"]
    ids = [tuple(one["id"].values()) for one in whole]
    assert len(ids) == len(set(ids)) == len(ACTION_TYPES) + 1
    owners = {"AWS": 0, "ThirdParty": 0, "Custom": 0}
    for owner in owners:
        found = (await desk("list_action_types", actionOwnerFilter=owner))["actionTypes"]
        assert {one["id"]["owner"] for one in found} == {owner}
        owners[owner] = len(found)
    assert sum(owners.values()) == len(whole)
    assert owners["Custom"] == 1
    monkeypatch.setattr(service, "PAGE", 15)
    paged: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = await desk("list_action_types", **token)
        paged += page["actionTypes"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert paged == whole
    wrong = {"actionOwnerFilter": "AWS", **token}
    assert await refused(desk, "list_action_types", **wrong) == "InvalidNextTokenException"


async def test_a_listed_type_says_what_it_takes(desk: Desk) -> None:
    """A18"""
    (github,) = [
        one
        for one in (await desk("list_action_types", actionOwnerFilter="ThirdParty"))["actionTypes"]
        if one["id"]["provider"] == "GitHub"
    ]
    assert github["inputArtifactDetails"] == NONE
    assert github["outputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 1}
    secret = {one["name"]: one["secret"] for one in github["actionConfigurationProperties"]}
    assert secret == {
        "Owner": False,
        "Repo": False,
        "Branch": False,
        "OAuthToken": True,
        "PollForSourceChanges": False,
    }


async def test_a_type_of_awss_own_can_be_got(desk: Desk) -> None:
    """A11"""
    asked = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    got = (await desk("get_action_type", **asked))["actionType"]
    assert got["id"] == asked
    assert got["inputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 5}
    optional = {one["name"]: one["optional"] for one in got["properties"]}
    assert (optional["ProjectName"], optional["PrimarySource"]) == (False, True)
    absent = {**asked, "provider": "Moon"}
    assert await refused(desk, "get_action_type", **absent) == "ActionTypeNotFoundException"
    custom = {**asked, "owner": "Custom"}
    assert await refused(desk, "get_action_type", **custom) == "ValidationException"


async def test_types_of_rules_are_listed(desk: Desk) -> None:
    """A23"""
    listed = (await desk("list_rule_types", ruleOwnerFilter="AWS"))["ruleTypes"]
    assert [one["id"]["provider"] for one in listed] == [one.provider for one in RULE_TYPES]
    by_provider = {one["id"]["provider"]: one for one in listed}
    required = {
        provider: [key["name"] for key in one["ruleConfigurationProperties"] if key["required"]]
        for provider, one in by_provider.items()
    }
    assert required == {
        "VariableCheck": ["Variable", "Value", "Operator"],
        "DeploymentWindow": ["Cron"],
        "CloudWatchAlarm": ["AlarmName"],
        "LambdaInvoke": ["FunctionName"],
        "Commands": [],
        "CodeBuild": ["ProjectName"],
    }


def tags(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


@pytest.fixture(params=["pipeline", "action type"])
async def tagged(desk: Desk, request: pytest.FixtureRequest) -> str:
    """The ARN of something with the tag a=1."""
    if request.param == "pipeline":
        made = await desk("create_pipeline", pipeline=pipeline(), tags=tags(a="1"))
        assert made["tags"] == tags(a="1")
        return f"{ARN}web"
    made = await desk("create_custom_action_type", **JENKINS, tags=tags(a="1"))
    assert made["tags"] == tags(a="1")
    return f"{ARN}actiontype:Custom/Build/Jenkins/1"


async def test_tags_come_and_go(desk: Desk, tagged: str) -> None:
    """CP-016, A24, A41, A42"""
    await desk("tag_resource", resourceArn=tagged, tags=tags(b="2", a="3"))
    listed = await desk("list_tags_for_resource", resourceArn=tagged)
    assert listed == {"tags": tags(a="3", b="2")}
    await desk("untag_resource", resourceArn=tagged, tagKeys=["a", "absent"])
    listed = await desk("list_tags_for_resource", resourceArn=tagged)
    assert listed == {"tags": tags(b="2")}
    asked = {"resourceArn": tagged, "nextToken": "x"}
    assert await refused(desk, "list_tags_for_resource", **asked) == "InvalidNextTokenException"


async def test_a_resource_has_50_tags_at_most(desk: Desk, tagged: str) -> None:
    """CP-016"""
    many = tags(**{f"k{n}": "v" for n in range(50)})
    asked = {"resourceArn": tagged, "tags": many}
    assert await refused(desk, "tag_resource", **asked) == "TooManyTagsException"
    await desk("tag_resource", resourceArn=tagged, tags=many[:49])
    listed = await desk("list_tags_for_resource", resourceArn=tagged)
    assert len(listed["tags"]) == 50


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        (tags(**{"aws:x": "1"}), "InvalidTagsException"),
        (tags(a="1") + tags(a="2"), "InvalidTagsException"),
        (tags(**{"k" * 129: "v"}), "ValidationException"),
        (tags(k="v" * 257), "ValidationException"),
        ([{"key": "", "value": "v"}], "ParamValidationError"),
        (tags(**{f"k{n}": "v" for n in range(51)}), "TooManyTagsException"),
    ],
)
async def test_tags_have_bounds(desk: Desk, given_: list[dict[str, str]], code: str) -> None:
    """CP-016"""
    if code == "ParamValidationError":
        target = {"resourceArn": f"{ARN}web", "tags": given_}
        assert (await raw(desk, "TagResource", target))[0] == 400
        return
    assert await refused(desk, "create_pipeline", pipeline=pipeline(), tags=given_) == code
    assert (await desk("list_pipelines"))["pipelines"] == []


async def test_tags_of_an_empty_value_are_fine(desk: Desk) -> None:
    """CP-016"""
    made = await desk("create_pipeline", pipeline=pipeline(), tags=tags(a=""))
    assert made["tags"] == tags(a="")


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"{ARN}absent", "ResourceNotFoundException"),
        (f"{ARN}actiontype:Custom/Build/Jenkins/1", "ResourceNotFoundException"),
        (f"{ARN}actiontype:AWS/Build/CodeBuild/1", "ResourceNotFoundException"),
        (f"{ARN}actiontype:Custom", "ResourceNotFoundException"),
        (f"{ARN}moon:web", "ResourceNotFoundException"),
        ("arn:aws:codepipeline:us-east-1:111111111111:web", "InvalidArnException"),
        ("arn:aws:codepipeline:eu-west-1:000000000000:web", "InvalidArnException"),
        ("arn:aws:codebuild:us-east-1:000000000000:web", "ValidationException"),
        ("web", "ValidationException"),
    ],
)
async def test_what_is_no_resource_has_no_tags(desk: Desk, arn: str, code: str) -> None:
    """A24, A41, A42"""
    assert await refused(desk, "list_tags_for_resource", resourceArn=arn) == code
    assert await refused(desk, "tag_resource", resourceArn=arn, tags=tags(a="1")) == code
    assert await refused(desk, "untag_resource", resourceArn=arn, tagKeys=["a"]) == code


async def raw(desk: Desk, operation: str, request: Any) -> tuple[int, str]:
    """The status and the code of a request that boto3 would not send."""
    headers = {
        "x-amz-target": f"CodePipeline_20150709.{operation}".encode(),
        "content-type": b"application/x-amz-json-1.1",
    }
    status, _, body = await desk.ask(headers, json.dumps(request).encode())
    return status, json.loads(body or b"{}").get("__type", "")


async def test_numbers_that_are_none_are_refused(desk: Desk) -> None:
    declared = json.dumps({"pipeline": pipeline(version=7)})
    headers = {"x-amz-target": b"CodePipeline_20150709.CreatePipeline"}
    headers["content-type"] = b"application/x-amz-json-1.1"
    for number in ("9" * 5_000, "1e400", "-1", "NaN", "7.5"):
        body = declared.replace('"version": 7', f'"version": {number}').encode()
        assert (await desk.ask(headers, body))[0] == 400, number


async def test_what_penstock_lacks_says_so(desk: Desk) -> None:
    asked = {"jobId": "1", "clientToken": "1"}
    assert (await raw(desk, "GetThirdPartyJobDetails", asked))[0] == 501


TEXT = st.text("aZ0.-_@ é\n#{}", max_size=6) | st.sampled_from(
    ["S3", "CodeBuild", "Manual", "Source", "Build", "Approval", "AWS", "1", "App", "us-east-1"]
)


def shaped(name: str) -> st.SearchStrategy[Any]:
    """Values that have a shape of the model, more or less."""
    shape = shapes_of("codepipeline")[name]
    kind = shape["type"]
    if kind == "structure":
        required = {
            member: shaped(one["shape"])
            for member, one in shape["members"].items()
            if member in shape.get("required", ())
        }
        optional = {
            member: shaped(one["shape"])
            for member, one in shape["members"].items()
            if member not in required
        }
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "list":
        return st.lists(shaped(shape["member"]["shape"]), max_size=3)
    if kind == "map":
        return st.dictionaries(TEXT, TEXT, max_size=3)
    if kind == "integer":
        return st.integers(-1, 1_000) | st.sampled_from([2**31, -(2**63)])
    if kind == "boolean":
        return st.booleans()
    return st.sampled_from(shape["enum"]) | TEXT if "enum" in shape else TEXT


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shaped("CreatePipelineInput"))
async def test_no_request_to_make_a_pipeline_is_a_fault_of_ours(desk: Desk, request: Any) -> None:
    status, _ = await raw(desk, "CreatePipeline", request)
    assert status in (200, 400)


OPERATIONS = (
    *("UpdatePipeline", "GetPipeline", "DeletePipeline", "ListPipelines"),
    *("CreateCustomActionType", "DeleteCustomActionType", "ListActionTypes", "GetActionType"),
    *("ListRuleTypes", "ListTagsForResource", "TagResource", "UntagResource"),
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(OPERATIONS).flatmap(
        lambda name: st.tuples(st.just(name), shaped(f"{name}Input"))
    )
)
async def test_no_other_request_is_a_fault_of_ours(desk: Desk, asked: tuple[str, Any]) -> None:
    status, _ = await raw(desk, *asked)
    assert status in (200, 400)


CHANGES = st.recursive(
    TEXT | st.none() | st.integers(-1, 60) | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=6,
)


@st.composite
def faulty(draw: st.DrawFn) -> dict[str, Any]:
    """A good declaration of which one value, wherever it is, has become another: it goes further
    than what is drawn at random."""
    make = action(
        "Make",
        "Build CodeBuild",
        configuration={"ProjectName": "p", "EnvironmentVariables": "#{Src.VersionId}"},
        inputArtifacts=artifacts("App"),
        outputArtifacts=artifacts("Made"),
        runOrder=1,
    )
    retry = {"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
    declared = pipeline("web", {"name": "Build", "actions": [make], "onFailure": retry})
    declared["stages"][0]["actions"] = [{**fetch(), "namespace": "Src"}]
    declared["variables"] = [{"name": "TAG", "defaultValue": "v1"}]
    place: Any = declared
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not place[key] or not isinstance(place[key], dict | list) or draw(st.booleans()):
            place[key] = draw(CHANGES)
            return declared
        place = place[key]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(faulty())
async def test_a_pipeline_with_one_fault_is_made_or_refused(
    desk: Desk, declared: dict[str, Any]
) -> None:
    status, code = await raw(desk, "CreatePipeline", {"pipeline": declared})
    assert status in (200, 400), code
    if status == 200:
        name = declared["name"]
        shown = (await desk("get_pipeline", name=name))["pipeline"]
        assert (await desk("update_pipeline", pipeline=shown))["pipeline"]["version"] == 2
        await desk("delete_pipeline", name=name)
