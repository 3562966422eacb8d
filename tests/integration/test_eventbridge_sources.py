"""Events of other services as rules find them, and pipelines that rules start."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.state.pipelines import Cause, Override
from penstock.store import Store

from .plant import SITE, Plant
from .post import ACCOUNT, REGION, Post, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio


@pytest.fixture
def plant(store: Store) -> Plant:
    return Plant(store)


async def bucket(post: Post, name: str, *, versioned: bool = False) -> None:
    await post.ask("CreateBucket", "s3", Bucket=name)
    await post.ask(
        "PutBucketNotificationConfiguration", "s3", Bucket=name,
        NotificationConfiguration={"EventBridgeConfiguration": {}},
    )  # fmt: skip
    if versioned:
        status = {"Status": "Enabled"}
        await post.ask("PutBucketVersioning", "s3", Bucket=name, VersioningConfiguration=status)


async def body(data: bytes) -> Any:
    yield data


async def told(post: Post) -> list[Any]:
    return [json.loads(line) for line in await post.lines("g")]


@pytest.mark.parametrize("versioned", [False, True])
async def test_a_rule_hears_of_an_object(post: Post, versioned: bool) -> None:
    """CP-101, TG-090"""
    await bucket(post, "source", versioned=versioned)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["source"]},
            "object": {"key": ["app.zip"]},
            "reason": ["PutObject", "CopyObject", "CompleteMultipartUpload"],
        },
    }
    await post.rule("r", pattern, await post.group("g"))
    for key in ("app.zip", "other"):
        await post.ask("PutObject", "s3", Bucket="source", Key=key, Body=body(b"12345"))
    await post.ask("CopyObject", "s3", Bucket="source", Key="app.zip", CopySource="source/other")
    await post.work()
    put, copied = sorted(
        await told(post), key=lambda event: event["detail"]["reason"], reverse=True
    )
    assert [put["detail"]["reason"], copied["detail"]["reason"]] == ["PutObject", "CopyObject"]
    detail = put["detail"]
    thing = detail.pop("object")
    assert ("version-id" in thing) is versioned
    assert {"key", "size", "etag", "sequencer"} == thing.keys() - {"version-id"}
    assert thing["size"] == 5
    assert detail.keys() == {"version", "bucket", "request-id", "requester", "reason"}
    assert put["resources"] == ["arn:aws:s3:::source"]


async def test_a_rule_starts_a_pipeline_once(post: Post, plant: Plant) -> None:
    """CP-101, TG-098: with revisions and variables from the event"""
    await plant.site(variables=[{"name": "WHO", "defaultValue": "nobody"}])
    paths = {"version": "$.detail.version", "who": "$.detail.who"}
    template = (
        '{"sourceRevisions": [{"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID",'
        ' "revisionValue": <version>}], "variables": [{"name": "WHO", "value": <who>}]}'
    )
    target = {"Arn": plant.name.arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/events"}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    await post.rule("r", {"source": ["shop"]}, {**target, "InputTransformer": transformer})
    await post.put(version="v-1", who="ada")
    assert await post.work() == ["DELIVERED"]
    (run,) = (await plant.state()).runs.values()
    assert run.cause == Cause("CloudWatchEvent", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r")
    assert run.overrides == (Override("Fetch", "S3_OBJECT_VERSION_ID", "v-1"),)
    assert run.variables["variables"] == {"WHO": "ada"}


async def test_a_whole_event_says_nothing_to_a_pipeline(post: Post, plant: Plant) -> None:
    """TG-098"""
    await plant.site()
    await post.rule("r", {"source": ["shop"]}, {"Arn": plant.name.arn})
    await post.put(variables="none")
    assert await post.work() == ["DELIVERED"]
    assert len((await plant.state()).runs) == 1


@pytest.mark.parametrize(
    "given", [{"variables": "x"}, {"variables": [{"name": 1, "value": "x"}]},
              {"sourceRevisions": [{"actionName": "Fetch"}]},
              {"variables": [{"name": "NONE", "value": "x"}]}]
)  # fmt: skip
async def test_an_input_that_no_pipeline_takes_fails(post: Post, plant: Plant, given: Any) -> None:
    """TG-098"""
    await plant.create(*SITE)
    await post.rule("r", {"source": ["shop"]}, {"Arn": plant.name.arn, "Input": json.dumps(given)})
    await post.put()
    assert await post.work() == ["FAILED"]
    (row,) = await post.deliveries()
    assert row.error["code"] == "ValidationException"
    assert not (await plant.state()).runs


async def test_rules_hear_of_pipelines(post: Post, plant: Plant) -> None:
    """CP-170"""
    await plant.site()
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"state": ["STARTED"], "pipeline": [plant.name.name]},
    }
    await post.rule("r", pattern, await post.group("g"))
    run = await plant.begin()
    await post.work()
    (event,) = await told(post)
    assert event["resources"] == [plant.name.arn]
    assert event["detail"]["execution-id"] == str(run)


async def test_a_rule_does_not_hear_of_what_it_has_started(post: Post, plant: Plant) -> None:
    """Each execution tells of itself several times: without an end there would be ever more."""
    await plant.site()
    other = plant.name._replace(name="other")
    await plant.create(*SITE, name="other")
    target, back = {"Arn": other.arn}, {"Arn": other._replace(name="app").arn}
    for name, of, to in (("r", "app", target), ("s", "other", back)):
        await post.rule(name, {"source": ["aws.codepipeline"], "detail": {"pipeline": [of]}}, to)
    plant.name = other._replace(name="app")
    await plant.begin()
    while await post.work():
        pass
    rows = await post.deliveries()
    refused = [row.error for row in rows if row.status == "FAILED"]
    assert refused
    assert all("which this rule has started: a circle" in error["message"] for error in refused)
    assert {row.status for row in rows} == {"DELIVERED", "FAILED"}
    first = len((await plant.state()).runs)
    assert await post.work() == []
    assert len((await plant.state()).runs) == first
