"""S3 as a source, and as a place to deploy to (CP-120, CP-129)."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import Any
from uuid import UUID

import pytest

from penstock.state.pipelines import ActionStatus, Override, Run, RunStatus
from penstock.store import Store
from penstock.store.buckets import create_bucket, find_bucket, set_versioning
from penstock.store.objects import find_object
from penstock.worker.actions import start_action

from .plant import REGION, SOURCE, Plant, action, stage, zipped

pytestmark = pytest.mark.anyio


@pytest.fixture
async def plant(store: Store) -> Plant:
    plant = Plant(store)
    await plant.bucket("source", versioned=True)
    for name in ("artifacts", "site"):
        await plant.bucket(name)
    return plant


def deploy(**configuration: Any) -> dict[str, Any]:
    return action("Copy", "S3", inputs=("App",), BucketName="site", **configuration)


async def played(plant: Plant, data: bytes, **configuration: str) -> Run:
    """The run of a pipeline that deploys these bytes, when nothing is left to do."""
    await plant.put("source", "app.zip", data)
    await plant.create(stage("Source", SOURCE), stage("Deploy", deploy(**configuration)))
    run = await plant.begin()
    await plant.work(times=2)
    return await plant.run(run)


async def failure(plant: Plant, name: str) -> tuple[str, str]:
    row = (await plant.actions())[name]
    assert row.status == ActionStatus.FAILED
    return row.error["code"], row.error["message"]


async def source_only(plant: Plant, **asked: Any) -> UUID:
    await plant.create(
        stage("Source", asked.pop("source", SOURCE)),
        stage("Ask", action("Ask", "Manual", category="Approval")),
    )
    run = await plant.begin(**asked)
    await plant.work()
    return run


async def test_a_source_is_the_current_version_with_what_its_metadata_says(plant: Plant) -> None:
    """CP-053, CP-120"""
    await plant.put("source", "app.zip", b"old")
    said = {"codepipeline-artifact-revision-summary": "Fix the door"}
    version = await plant.put("source", "app.zip", b"not even a ZIP", **said)
    run = await plant.run(await source_only(plant))
    revision, artifact = run.revisions["Fetch"], run.artifacts["App"]
    assert (revision.id, revision.summary) == (version, "Fix the door")
    assert await plant.read(artifact.bucket, artifact.key) == b"not even a ZIP"
    etag = (await find_object(plant.store, "source", "app.zip")).etag
    assert run.variables["Src"] == {"ETag": etag, "VersionId": version}


async def test_a_start_may_ask_for_a_version_and_a_key(plant: Plant) -> None:
    """CP-102"""
    old = await plant.put("source", "other.zip", b"old")
    for key in ("other.zip", "app.zip"):
        await plant.put("source", key, b"new")
    overrides = (
        Override("Fetch", "S3_OBJECT_KEY", "other.zip"),
        Override("Fetch", "S3_OBJECT_VERSION_ID", old),
    )
    allowed = {**SOURCE["configuration"], "AllowOverrideForS3ObjectKey": "true"}
    run = await plant.run(
        await source_only(plant, overrides=overrides, source={**SOURCE, "configuration": allowed})
    )
    assert await plant.read("artifacts", run.artifacts["App"].key) == b"old"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("S3_OBJECT_KEY", "AllowOverrideForS3ObjectKey is not true"),
        ("COMMIT_ID", "A source revision of type COMMIT_ID is none of S3"),
    ],
)
async def test_a_revision_that_may_not_be_asked_for_is_not_replaced_by_another(
    plant: Plant, kind: str, message: str
) -> None:
    """CP-102"""
    await plant.put("source", "app.zip", b"new")
    await source_only(plant, overrides=(Override("Fetch", kind, "other.zip"),))
    code, said = await failure(plant, "Fetch")
    assert (code, said.endswith(message)) == ("ConfigurationError", True)


async def test_a_source_that_is_not_there_fails_the_run(plant: Plant) -> None:
    run = await source_only(plant)
    code, message = await failure(plant, "Fetch")
    assert code == "RevisionUnavailable"
    assert message.startswith("s3://source/app.zip: NoSuchKey: ")
    assert (await plant.run(run)).status == RunStatus.FAILED


async def test_a_bucket_of_another_account_is_no_source(plant: Plant) -> None:
    await create_bucket(plant.store.database, "theirs", "1" * 12, REGION, {}, plant.now)
    await set_versioning(
        plant.store.database, await find_bucket(plant.store.database, "theirs"), "Enabled"
    )
    await plant.put("theirs", "app.zip", b"theirs")
    source = {**SOURCE, "configuration": {**SOURCE["configuration"], "S3Bucket": "theirs"}}
    await source_only(plant, source=source)
    assert (await failure(plant, "Fetch"))[0] == "PermissionError"


async def test_a_bucket_without_versions_is_no_source(plant: Plant) -> None:
    """CP-120"""
    await plant.put("site", "app.zip", b"data")
    configuration = {"S3Bucket": "site", "S3ObjectKey": "app.zip"}
    await source_only(plant, source={**SOURCE, "configuration": configuration})
    code, message = await failure(plant, "Fetch")
    assert code == "ConfigurationError"
    assert "put-bucket-versioning --bucket site" in message


async def test_artifacts_of_like_names_do_not_collide(plant: Plant) -> None:
    """CP-080"""
    data = zipped({"a": b"1"})
    await plant.put("source", "app.zip", data)
    names = ("SourceArtifactOne", "SourceArtifactTwo")
    fetches = [
        {**SOURCE, "name": name, "outputArtifacts": [{"name": name}], "namespace": f"N{name}"}
        for name in names
    ]
    ask = stage("Ask", action("Ask", "Manual", category="Approval"))
    await plant.create(stage("Source", *fetches), ask, name="a-pipeline-of-a-long-name")
    run = await plant.begin()
    await plant.work(times=2)
    artifacts = (await plant.run(run)).artifacts
    first, second = (artifacts[name] for name in names)
    assert first.key.startswith("a-pipeline-of-a-long/SourceArti/")
    assert first.key != second.key


async def test_an_artifact_is_encrypted_under_the_stores_key(plant: Plant) -> None:
    """CP-081"""
    await plant.put("source", "app.zip", b"data")
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    kept = {"type": "S3", "location": "artifacts", "encryptionKey": {"id": key, "type": "KMS"}}
    ask = stage("Ask", action("Ask", "Manual", category="Approval"))
    await plant.create(stage("Source", SOURCE), ask, artifactStore=kept)
    run = await plant.begin()
    await plant.work()
    artifact = (await plant.run(run)).artifacts["App"]
    found = await find_object(plant.store, artifact.bucket, artifact.key)
    assert (found.headers["ServerSideEncryption"], found.headers["SSEKMSKeyId"]) == ("aws:kms", key)


async def test_a_deployment_of_files_gives_them_what_was_asked(plant: Plant) -> None:
    """CP-129"""
    files = {"index.html": b"<p>", "img/a.png": b"png", "no-suffix": b"?"}
    options = {"CacheControl": "max-age=9", "CannedACL": "public-read", "ObjectKey": "/web/"}
    run = await played(plant, zipped(files), Extract="true", **options)
    assert run.status == RunStatus.SUCCEEDED
    types = {
        "index.html": "text/html",
        "img/a.png": "image/png",
        "no-suffix": "binary/octet-stream",
    }
    for name, data in files.items():
        assert await plant.read("site", f"web/{name}") == data
        found = await find_object(plant.store, "site", f"web/{name}")
        assert found.headers["ContentType"] == types[name]
        assert found.headers["CacheControl"] == "max-age=9"
        assert any("AllUsers" in str(grant) for grant in found.headers["ACL"]["Grants"])


async def test_a_deployment_of_the_archive_is_byte_for_byte(plant: Plant) -> None:
    """CP-129"""
    data = zipped({"a": b"1"})
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    run = await played(
        plant, data, Extract="false", ObjectKey="r/{datetime}-{uuid}.zip", KMSEncryptionKeyARN=key
    )
    assert run.status == RunStatus.SUCCEEDED
    rows = await plant.store.database.fetch(
        "SELECT key, headers FROM object_versions WHERE key LIKE 'r/%'"
    )
    ((found, headers),) = rows  # though the job was done twice
    assert await plant.read("site", found) == data
    assert found.startswith("r/2026-03-01_12-00-0")
    assert len(found) == len("r/2026-03-01_12-00-00-.zip") + 36
    assert headers["SSEKMSKeyId"] == key


async def test_a_name_that_leads_out_of_the_archive_deploys_nothing(plant: Plant) -> None:
    for name in ("../index.html", "/etc/passwd", "a\\..\\b"):
        plant.name = plant.name._replace(name=f"p{len(name)}")
        await plant.put("source", "app.zip", zipped({"fine": b"1", name: b"2"}))
        await plant.create(stage("Source", SOURCE), stage("Deploy", deploy(Extract="true")))
        await plant.begin()
        await plant.work()
        code, message = await failure(plant, "Copy")
        assert code == "JobFailed"
        assert message.startswith("The artifact App cannot be extracted: ")
    rows = await plant.store.database.fetch(
        "SELECT key FROM object_versions v JOIN buckets b ON b.id = v.bucket WHERE b.name = 'site'"
    )
    assert rows == []


async def test_a_link_in_the_archive_is_deployed_as_what_it_leads_to(plant: Plant) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/real.txt", b"real")
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "a/real.txt")
    await played(plant, buffer.getvalue(), Extract="true")
    assert await plant.read("site", "link.txt") == b"real"


async def test_a_link_to_a_folder_is_not_left_out_in_silence(plant: Plant) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/real.txt", b"real")
        link = zipfile.ZipInfo("b")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "a")
    await played(plant, buffer.getvalue(), Extract="true")
    code, message = await failure(plant, "Copy")
    assert (code, "b is a link to a folder" in message) == ("JobFailed", True)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"Extract": "false"}, "ObjectKey is required where Extract is false"),
        ({"Extract": "true", "BucketName": "gone"}, "s3://gone/: NoSuchBucket: "),
    ],
)
async def test_a_deployment_that_cannot_be_says_why(
    plant: Plant, configuration: dict[str, str], message: str
) -> None:
    await plant.put("source", "app.zip", zipped({"a": b"1"}))
    copy = deploy()
    copy["configuration"] |= configuration
    await plant.create(stage("Source", SOURCE), stage("Deploy", copy))
    await plant.begin()
    await plant.work()
    code, found = await failure(plant, "Copy")
    assert code == "ConfigurationError"
    assert found.startswith(message)


async def test_an_artifact_that_was_deleted_fails_who_needs_it(plant: Plant) -> None:
    await plant.put("source", "app.zip", zipped({"a": b"1"}))
    await plant.create(stage("Source", SOURCE), stage("Deploy", deploy(Extract="true")))
    await plant.begin()
    (job,) = await plant.jobs()
    await start_action(plant.store, job.action, lambda: plant.now)
    await plant.store.database.execute("DELETE FROM object_versions WHERE key LIKE 'app/%'")
    await plant.work()
    assert (await failure(plant, "Copy"))[0] == "RevisionUnavailable"


async def test_what_is_not_there_yet_says_its_name(plant: Plant) -> None:
    cluster = action("Copy", "ECS", inputs=("App",), ClusterName="c", ServiceName="s")
    await plant.put("source", "app.zip", b"data")
    await plant.create(stage("Source", SOURCE), stage("Deploy", cluster))
    run = await plant.begin()
    await plant.work()
    assert await failure(plant, "Copy") == ("JobFailed", "not implemented: ECS")
    assert (await plant.run(run)).status == RunStatus.FAILED
