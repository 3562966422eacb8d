"""An object as a source (CP-120): its current version, or the one that the start asks for."""

from __future__ import annotations

from penstock.actions.acting import failed_by
from penstock.actions.artifacts import put_artifact
from penstock.actions.contract import Done, Failed, Outcome, Start, Succeeded
from penstock.documents.pipelines import Action
from penstock.errors import AwsError
from penstock.state.pipelines import Revision
from penstock.store import Store
from penstock.store.objects import find_object, stream_object

SUMMARY = "codepipeline-artifact-revision-summary"
"""The metadata that says what a revision is."""


async def start(store: Store, start: Start) -> Outcome:
    bucket = start.configuration["S3Bucket"]
    try:
        key, version = _asked(start)
    except ValueError as error:
        return Failed("ConfigurationError", str(error))
    where = f"s3://{bucket}/{key}"
    try:
        found = await find_object(store, bucket, key, version, owner=start.name.account)
        if not found.version_id:
            return Failed(
                "ConfigurationError",
                f"The bucket {bucket} keeps no versions, as the bucket of a source has to: aws"
                f" s3api put-bucket-versioning --bucket {bucket} --versioning-configuration"
                " Status=Enabled",
            )
        made = {}
        for output in start.action.outputs if isinstance(start.action, Action) else ():
            body = stream_object(store, found)
            made[output.name] = await put_artifact(
                store, start, output.name, body, revision=found.version_id
            )
    except AwsError as error:
        return failed_by(error, where)
    summary = found.metadata.get(SUMMARY, "")
    succeeded = Succeeded(
        made,
        {"ETag": found.etag, "VersionId": found.version_id},
        Revision(found.version_id, summary or f"Amazon S3 version id: {found.version_id}"),
    )
    return Done(succeeded, external_id=found.version_id, summary=summary)


def _asked(start: Start) -> tuple[str, str | None]:
    """The key, and the version where it is not to be the current one (CP-102). Raises
    ValueError."""
    key, version = start.configuration["S3ObjectKey"], None
    allowed = start.configuration.get("AllowOverrideForS3ObjectKey", "").lower() == "true"
    for override in start.run.overrides:
        if override.action != start.action.name:
            continue
        if override.type == "S3_OBJECT_VERSION_ID":
            version = override.value
        elif override.type != "S3_OBJECT_KEY":
            raise ValueError(f"A source revision of type {override.type} is none of S3")
        elif not allowed:
            raise ValueError(
                "A source revision gives another S3ObjectKey, but AllowOverrideForS3ObjectKey is"
                " not true"
            )
        else:
            key = override.value
    return key, version
