"""Pipelines' definitions, as boto3 makes and reads them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import AwsError
from penstock.services.codepipeline import pipelines as service
from penstock.state.pipelines import Cause, Run
from penstock.state.plain_records import record_of
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store
from penstock.store.pipelines import find_pipeline, read_secrets

from .desk import ACCOUNT, ARN, NOON, REGION, Desk, action, artifacts, fetch, pipeline

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(store: Store) -> Desk:
    desk = Desk(store)
    await desk.bucket()
    return desk


async def executions(store: Store) -> list[Any]:
    return await store.database.fetch(
        "SELECT e.id, e.status, e.version, e.run FROM pipeline_executions e ORDER BY number"
    )


async def versions(store: Store, name: str = "web") -> list[int]:
    rows = await store.database.fetch(
        "SELECT v.version FROM pipeline_versions v JOIN pipelines p ON p.id = v.pipeline"
        " WHERE p.name = %s ORDER BY v.version",
        (name,),
    )
    return [row.version for row in rows]


async def refused(desk: Desk, declaration: dict[str, Any]) -> str:
    """The code with which it is refused; then nothing is there."""
    with pytest.raises(AwsError) as raised:
        await desk("create_pipeline", pipeline=declaration)
    assert raised.value.status == 400
    assert (await desk("list_pipelines"))["pipelines"] == []
    return raised.value.code


async def test_a_pipeline_is_answered_with_its_defaults(desk: Desk) -> None:
    """CP-001, CP-006, CP-020, A04, A13"""
    made = (await desk("create_pipeline", pipeline=pipeline()))["pipeline"]
    assert made["version"] == 1
    assert (made["executionMode"], made["pipelineType"]) == ("SUPERSEDED", "V1")
    assert made["stages"][1]["actions"] == [
        {
            **action("Ask", "Approval Manual"),
            "runOrder": 1,
            "configuration": {},
            "inputArtifacts": [],
            "outputArtifacts": [],
        }
    ]
    got = await desk("get_pipeline", name="web")
    assert got == {
        "pipeline": made,
        "metadata": {"pipelineArn": f"{ARN}web", "created": NOON, "updated": NOON},
    }


async def test_creating_a_pipeline_starts_it(desk: Desk, store: Store) -> None:
    """CP-023, CP-054: once, and an update does not."""
    await desk("create_pipeline", pipeline=pipeline())
    await desk("update_pipeline", pipeline=pipeline())
    (run,) = await executions(store)
    assert isinstance(run.id, UUID)
    assert record_of(Run, run.run).cause == Cause("CreatePipeline", f"arn:aws:iam::{ACCOUNT}:root")
    assert run.version == 1


async def test_a_pipeline_whose_start_needs_values_is_made_without_one(
    desk: Desk, store: Store
) -> None:
    """CP-095"""
    made = await desk("create_pipeline", pipeline=pipeline(variables=[{"name": "TAG"}]))
    assert made["pipeline"]["pipelineType"] == "V2"
    assert await executions(store) == []
    given = [{"name": "TAG", "defaultValue": "v1"}]
    await desk("create_pipeline", pipeline=pipeline("two", variables=given))
    assert len(await executions(store)) == 1


async def test_what_is_no_pipeline_leaves_nothing(desk: Desk, store: Store) -> None:
    """CP-003, CP-011, CP-012"""
    one = {**pipeline(), "stages": pipeline()["stages"][:1]}
    assert await refused(desk, one) == "InvalidStructureException"
    bare = {"name": "Build", "actions": [action("Make", "Build CodeBuild")]}
    assert await refused(desk, pipeline("web", bare)) == "InvalidActionDeclarationException"
    none = {"name": "Build", "actions": []}
    assert await refused(desk, pipeline("web", none)) == "InvalidStageDeclarationException"
    blocked = {
        "name": "Ask",
        "actions": [action("Ask", "Approval Manual")],
        "blockers": [{"name": "b", "type": "Schedule"}],
    }
    assert await refused(desk, pipeline("web", blocked)) == "InvalidBlockerDeclarationException"
    assert await refused(desk, pipeline("a b")) == "ValidationException"
    assert await executions(store) == []


async def test_findings_of_the_model_come_together(desk: Desk) -> None:
    with pytest.raises(AwsError) as raised:
        await desk("create_pipeline", pipeline=pipeline("a b", executionMode="FAST"))
    assert raised.value.code == "ValidationException"
    assert raised.value.message == (
        "2 validation errors detected: Value 'a b' at 'pipeline.name' failed to satisfy constraint:"
        " Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+;"
        " Value 'FAST' at 'pipeline.executionMode' failed to satisfy constraint:"
        " Member must satisfy enum value set: [QUEUED, SUPERSEDED, PARALLEL]"
    )


async def test_a_name_is_taken_once_in_a_region(desk: Desk, store: Store) -> None:
    """CP-005"""
    await desk("create_pipeline", pipeline=pipeline())
    with pytest.raises(AwsError) as raised:
        await desk("create_pipeline", pipeline=pipeline())
    assert raised.value.code == "PipelineNameInUseException"
    assert raised.value.message == (
        f"A pipeline with the name 'web' already exists in account '{ACCOUNT}'"
    )
    elsewhere = Desk(store, region="eu-west-1")
    await elsewhere.bucket("there", "eu-west-1")
    there = {"type": "S3", "location": "there"}
    made = await elsewhere("create_pipeline", pipeline=pipeline(artifactStore=there))
    assert made["pipeline"]["version"] == 1


async def test_of_two_that_want_a_name_one_gets_it(desk: Desk, store: Store) -> None:
    """CP-005"""
    asked = (desk("create_pipeline", pipeline=pipeline()) for _ in range(4))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    codes = [one.code for one in answers if isinstance(one, AwsError)]
    assert codes == ["PipelineNameInUseException"] * 3
    assert len(await executions(store)) == 1


async def test_the_artifact_bucket_is_there_in_the_region(desk: Desk) -> None:
    """CP-008"""
    await desk.bucket("far", "eu-west-1")
    for bucket in ("absent", "far"):
        with pytest.raises(AwsError, match=f"artifact bucket {bucket} does not exist") as raised:
            store = {"type": "S3", "location": bucket}
            await desk("create_pipeline", pipeline=pipeline(artifactStore=store))
        assert raised.value.code == "InvalidStructureException"
    both = pipeline(
        artifactStores={
            REGION: {"type": "S3", "location": "artifacts"},
            "eu-west-1": {"type": "S3", "location": "far"},
        }
    )
    del both["artifactStore"]
    made = (await desk("create_pipeline", pipeline=both))["pipeline"]
    assert made["artifactStores"] == both["artifactStores"]


async def test_any_well_formed_role_will_do(desk: Desk) -> None:
    """CP-015: what roles trust is not looked at."""
    role = f"arn:aws:iam::{ACCOUNT}:role/no/such"
    await desk("create_pipeline", pipeline=pipeline(roleArn=role))
    assert (await desk("get_pipeline", name="web"))["pipeline"]["roleArn"] == role


async def test_an_update_is_another_version(desk: Desk, store: Store) -> None:
    """CP-020, CP-021, A44"""
    await desk("create_pipeline", pipeline=pipeline())
    desk.now = NOON + timedelta(hours=1)
    got = (await desk("get_pipeline", name="web"))["pipeline"]
    got["stages"][1]["name"] = "Review"
    updated = (await desk("update_pipeline", pipeline=got))["pipeline"]
    assert updated == {**got, "version": 2}
    new = await desk("get_pipeline", name="web")
    assert new["pipeline"] == updated
    assert (new["metadata"]["created"], new["metadata"]["updated"]) == (NOON, desk.now)
    old = (await desk("get_pipeline", name="web", version=1))["pipeline"]
    assert (old["version"], old["stages"][1]["name"]) == (1, "Ask")
    assert await versions(store) == [1, 2]


async def test_of_updates_at_once_each_is_a_version(desk: Desk, store: Store) -> None:
    """CP-020"""
    await desk("create_pipeline", pipeline=pipeline())
    asked = (desk("update_pipeline", pipeline=pipeline()) for _ in range(5))
    answers = await asyncio.gather(*asked)
    assert sorted(one["pipeline"]["version"] for one in answers) == [2, 3, 4, 5, 6]
    assert await versions(store) == [1, 2, 3, 4, 5, 6]


async def test_an_update_that_is_refused_changes_nothing(desk: Desk, store: Store) -> None:
    await desk("create_pipeline", pipeline=pipeline())
    with pytest.raises(AwsError, match="InvalidStructure"):
        await desk("update_pipeline", pipeline={**pipeline(), "stages": pipeline()["stages"][:1]})
    assert await versions(store) == [1]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("get_pipeline", {"name": "absent"}, "PipelineNotFoundException"),
        ("update_pipeline", {"pipeline": pipeline("absent")}, "PipelineNotFoundException"),
        ("get_pipeline", {"name": "web", "version": 2}, "PipelineVersionNotFoundException"),
        ("get_pipeline", {"name": "a b"}, "ValidationException"),
        ("list_pipelines", {"nextToken": "x"}, "InvalidNextTokenException"),
        ("list_pipelines", {"maxResults": 1001}, "ValidationException"),
    ],
)
async def test_what_is_not_there_is_told(
    desk: Desk, operation: str, request_: dict[str, Any], code: str
) -> None:
    """CP-001, CP-020, A13, A21"""
    await desk("create_pipeline", pipeline=pipeline())
    with pytest.raises(AwsError) as raised:
        await desk(operation, **request_)
    assert (raised.value.code, raised.value.status) == (code, 400)


async def test_an_unknown_name_is_told_in_awss_words(desk: Desk) -> None:
    """CP-001"""
    with pytest.raises(AwsError) as raised:
        await desk("get_pipeline", name="web")
    assert raised.value.message == (f"Account '{ACCOUNT}' does not have a pipeline with name 'web'")


async def test_a_deleted_pipeline_is_gone_and_deleting_again_is_no_error(
    desk: Desk, store: Store
) -> None:
    """A06"""
    await desk("create_pipeline", pipeline=pipeline())
    assert await desk("delete_pipeline", name="web") == {}
    assert await desk("delete_pipeline", name="web") == {}
    with pytest.raises(AwsError, match="PipelineNotFoundException"):
        await desk("get_pipeline", name="web")
    assert await executions(store) == []
    made = (await desk("create_pipeline", pipeline=pipeline()))["pipeline"]
    assert made["version"] == 1


async def test_pipelines_are_listed_by_name_in_pages(desk: Desk) -> None:
    """A21"""
    names = ["a", "B", "a.b", "z", "Z"]
    for name in names:
        await desk("create_pipeline", pipeline=pipeline(name))
    await desk("update_pipeline", pipeline=pipeline("z", executionMode="QUEUED"))
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = await desk("list_pipelines", maxResults=2, **token)
        found += page["pipelines"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [one["name"] for one in found] == sorted(names)
    assert found[-1] == {
        "name": "z",
        "version": 2,
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "created": NOON,
        "updated": NOON,
    }
    assert len((await desk("list_pipelines"))["pipelines"]) == 5


async def test_a_region_has_so_many_pipelines(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-176"""
    monkeypatch.setattr(service, "MAX_PIPELINES", 1)
    await desk("create_pipeline", pipeline=pipeline())
    with pytest.raises(AwsError, match="LimitExceededException"):
        await desk("create_pipeline", pipeline=pipeline("two"))
    await desk("update_pipeline", pipeline=pipeline())


def with_github(token: str, *, stage: str = "Source", name: str = "Hub") -> dict[str, Any]:
    hub = action(
        name,
        "Source GitHub ThirdParty",
        configuration={"Owner": "ada", "Repo": "app", "Branch": "main", "OAuthToken": token},
        outputArtifacts=artifacts("Hub"),
    )
    declared = pipeline()
    declared["stages"][0] = {"name": stage, "actions": [fetch(), hub]}
    return declared


async def secrets(store: Store, version: int) -> Any:
    row: Any = await find_pipeline(store.database, PipelineName(ACCOUNT, REGION, "web"))
    return await read_secrets(store.database, store.sealer, row.id, version)


async def test_secrets_are_read_back_masked_and_kept_sealed(desk: Desk, store: Store) -> None:
    """CP-014, CP-123"""
    made = (await desk("create_pipeline", pipeline=with_github("ghp_1")))["pipeline"]
    got = (await desk("get_pipeline", name="web"))["pipeline"]
    for shown in (made, got):
        assert shown["stages"][0]["actions"][1]["configuration"]["OAuthToken"] == "****"
    assert await secrets(store, 1) == {"Source/Hub/OAuthToken": "ghp_1"}
    rows = await store.database.fetch("SELECT v::text AS text FROM pipeline_versions v")
    assert all("ghp_1" not in row.text for row in rows)


async def test_the_mask_keeps_a_secret_and_another_value_replaces_it(
    desk: Desk, store: Store
) -> None:
    """CP-014"""
    await desk("create_pipeline", pipeline=with_github("ghp_1"))
    got = (await desk("get_pipeline", name="web"))["pipeline"]
    updated = (await desk("update_pipeline", pipeline=got))["pipeline"]
    assert updated["stages"][0]["actions"][1]["configuration"]["OAuthToken"] == "****"
    assert await secrets(store, 2) == {"Source/Hub/OAuthToken": "ghp_1"}
    await desk("update_pipeline", pipeline=with_github("ghp_2"))
    assert await secrets(store, 3) == {"Source/Hub/OAuthToken": "ghp_2"}
    assert await secrets(store, 1) == {"Source/Hub/OAuthToken": "ghp_1"}


@pytest.mark.parametrize("change", [{"stage": "Start"}, {"name": "Other"}])
async def test_the_mask_of_a_new_action_or_a_renamed_stage_is_refused(
    desk: Desk, store: Store, change: dict[str, str]
) -> None:
    """CP-014"""
    with pytest.raises(AwsError) as raised:
        await desk("create_pipeline", pipeline=with_github("****"))
    assert raised.value.code == "InvalidActionDeclarationException"
    assert "OAuthToken" in raised.value.message
    await desk("create_pipeline", pipeline=with_github("ghp_1"))
    with pytest.raises(AwsError, match="masked value"):
        await desk("update_pipeline", pipeline=with_github("****", **change))
    assert await versions(store) == [1]
