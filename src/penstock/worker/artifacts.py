"""A build's artifacts put into S3 (CB-160…163)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from penstock.decide.artifact_places import artifact_key, is_zip, location_arn
from penstock.documents.buildspec import Artifact
from penstock.errors import AwsError
from penstock.runner.archives import ArchiveError, Entry
from penstock.runner.archives.zip_writer import write_zip
from penstock.runner.codebuild.artifacts import Selection
from penstock.state.recorded_builds import Place
from penstock.store import objects
from penstock.worker.memory import Memory
from penstock.worker.work import Work

PIECE = 1 << 20


class Delivery:
    """Keeps artifacts as the project says; `places` are those kept so far."""

    def __init__(self, work: Work, memory: Memory) -> None:
        self._work = work
        self._memory = memory
        self.places: list[Place] = []

    def deliver(self, selection: Selection, artifact: Artifact, name: str) -> str:
        """Where the artifact is. Raises ArchiveError."""
        settings = self._settings(artifact.identifier)
        begun = self._work.begun
        of_pipeline = settings["type"] == "CODEPIPELINE"  # which says where, whoever else does
        key = artifact_key(
            settings,
            begun.name.project,
            str(begun.name.uuid),
            name=artifact.name,
            prefix="" if of_pipeline else artifact.s3_prefix or "",
        )
        bucket = settings["location"]
        try:
            if is_zip(settings):
                place = self._put_zip(selection.files, bucket, key, encryption_of(settings))
            else:
                place = self._put_files(selection.files, bucket, key)
        except AwsError as error:
            raise ArchiveError(f"{bucket}/{key}: {error.code}: {error.message}") from None
        except OSError as error:
            raise ArchiveError(f"{bucket}/{key}: {error}") from None
        self.places.append(place._replace(identifier=artifact.identifier))
        return place.location

    def _settings(self, identifier: str) -> Mapping[str, Any]:
        build = self._work.effective
        if not identifier:
            settings: Mapping[str, Any] = build["artifacts"]
        else:
            found = [
                one
                for one in build.get("secondaryArtifacts", ())
                if one["artifactIdentifier"] == identifier
            ]
            if not found:
                raise ArchiveError(
                    f"secondary-artifacts: the project has no artifact with identifier {identifier}"
                )
            settings = found[0]
        if settings["type"] != "S3" and "encryptionKey" not in settings:
            raise ArchiveError(
                f"Artifacts of type {settings['type']} go to a pipeline, and there is none"
            )
        return settings

    def _put_zip(
        self, files: Iterable[Entry], bucket: str, key: str, encryption: Mapping[str, str]
    ) -> Place:
        path = os.path.join(self._work.folder, "artifact.zip")
        write_zip(files, path)
        sums = sums_of(path)
        self._put(path, bucket, key, *sums, content_type="application/zip", encryption=encryption)
        os.unlink(path)
        return Place("", location_arn(bucket, key), *sums)

    def _put_files(self, files: Iterable[Entry], bucket: str, key: str) -> Place:
        for entry in files:
            name = f"{key}/{entry.name}" if key else entry.name
            self._put(entry.source, bucket, name)
        return Place("", location_arn(bucket, key))

    def _put(
        self,
        path: str,
        bucket: str,
        key: str,
        sha256: str = "",
        md5: str = "",
        content_type: str = "binary/octet-stream",
        encryption: Mapping[str, str] = {},
    ) -> None:
        metadata = metadata_of(self._work.begun.name.arn, sha256, md5)
        self._memory.ask(
            lambda: objects.put_object(
                self._memory.store,
                bucket,
                key,
                read_file(path),
                now=datetime.now(UTC),
                content_type=content_type,
                metadata=metadata,
                encryption=encryption,
                owner=self._work.begun.name.account,
            )
        )


def encryption_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """How an artifact's object is encrypted: those of pipelines say so (CP-081)."""
    if "encryptionKey" not in settings:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings["encryptionKey"]}


def metadata_of(arn: str, sha256: str = "", md5: str = "") -> dict[str, str]:
    """What an artifact's object tells of the build, or of the batch, that it is of."""
    metadata = {"codebuild-buildarn": arn}
    if sha256:
        metadata |= {"codebuild-content-sha256": sha256, "codebuild-content-md5": md5}
    return metadata


def sums_of(path: str) -> tuple[str, str]:
    """The SHA-256 and the MD5 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        return sha256, hashlib.file_digest(file, _md5).hexdigest()


async def read_file(path: str) -> AsyncIterator[bytes]:
    """A file piece by piece. Raises OSError, also where the path has become a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)
