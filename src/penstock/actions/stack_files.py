"""Files in the input artifacts of an action, and what parameters ask of them (CP-153, CP-154)."""

from __future__ import annotations

import asyncio
import json
import os
import zipfile

from penstock.actions.artifacts import fetch_artifact
from penstock.actions.contract import Start
from penstock.decide.stack_actions import (
    GET_PARAM,
    Find,
    Place,
    Settings,
    StackActionError,
    Wish,
    asked_files,
    read_object,
)
from penstock.state.pipelines import Artifact
from penstock.store import Store

LARGEST = 1_000_000
"""Bytes of a template, or of another file that is read."""


class Files:
    """`folder` is for the artifacts, which are fetched when one of their files is asked for."""

    def __init__(self, store: Store, start: Start, folder: str) -> None:
        self._store = store
        self._start = start
        self._folder = folder
        self._read: dict[Place, bytes] = {}

    async def read(self, place: Place) -> bytes:
        """Raises StackActionError for a file that is not there, AwsError."""
        if place not in self._read:
            packed = await self._fetched(place)
            self._read[place] = await asyncio.to_thread(_member, packed, place)
        return self._read[place]

    async def finder(self, wish: Wish, settings: Settings) -> Find:
        """Of the functions that parameters have; all files that they ask are read. Raises
        StackActionError."""
        for place in asked_files(settings, wish.overrides):
            await self.read(place)
        return self._find

    def _find(self, function: str, arguments: tuple[str, ...]) -> str:
        if function == GET_PARAM:
            artifact, file, key = arguments
            place = Place(artifact, file)
            members = read_object(str(place), self._read[place])
            if key not in members:
                raise StackActionError(f"{place} has no {key}")
            value = members[key]
            return value if isinstance(value, str) else json.dumps(value)
        artifact, name = arguments
        return _attribute(self._artifact(artifact), name)

    def _artifact(self, name: str) -> Artifact:
        found = self._start.inputs.get(name)
        if found is None:
            names = ", ".join(self._start.inputs) or "none"
            raise StackActionError(f"{name} is no input artifact of this action: it has {names}")
        return found

    async def _fetched(self, place: Place) -> str:
        artifact = self._artifact(place.artifact)
        path = os.path.join(self._folder, f"{place.artifact}.zip")
        if not os.path.exists(path):
            await fetch_artifact(self._store, self._start, artifact, path)
        return path


def _attribute(artifact: Artifact, name: str) -> str:
    url = f"https://{artifact.bucket}.s3.amazonaws.com/{artifact.key}"
    found = {"BucketName": artifact.bucket, "ObjectKey": artifact.key, "URL": url}
    if name not in found:
        raise StackActionError(f"Fn::GetArtifactAtt: {name} is none of {', '.join(found)}")
    return found[name]


def _member(packed: str, place: Place) -> bytes:
    try:
        with zipfile.ZipFile(packed) as archive, archive.open(place.path) as file:
            data = file.read(LARGEST + 1)
    except KeyError:
        raise StackActionError(f"{place}: there is no such file in the artifact") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise StackActionError(f"{place} cannot be read: {error}") from None
    if len(data) > LARGEST:
        raise StackActionError(f"{place} has more than {LARGEST} bytes")
    return data
