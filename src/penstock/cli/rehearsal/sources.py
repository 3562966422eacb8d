"""What a pipeline's source actions fetch, and where the working tree has to be for that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from penstock.cli.rehearsal.working_tree import commit_tree, pack_tree, push_tree

Client = Any
_HOSTED = "CodeCommit"
_MIRRORED = ("CodeStarSourceConnection", "GitHub")
_STARTING = {
    "CodeCommit": "PollForSourceChanges",
    "CodeStarSourceConnection": "DetectChanges",
    "GitHub": "PollForSourceChanges",
    "S3": "PollForSourceChanges",
}
"""Which setting says that news of a source start its pipeline, by provider."""


class SourceError(Exception):
    """A source action cannot be given the working tree. The text says why."""


class Source(NamedTuple):
    """A source action: `where` is the repository or bucket, `what` the branch or the key."""

    action: str
    provider: str
    where: str
    what: str

    def __str__(self) -> str:
        between = "/" if self.provider == "S3" else " "
        return f"{self.provider} {self.where}{between}{self.what}"


def sources_of(pipeline: Mapping[str, Any]) -> list[Source]:
    """Those of a declaration, as GetPipeline answers it."""
    actions = pipeline["stages"][0]["actions"]
    return [_source(one) for one in actions if one["actionTypeId"]["category"] == "Source"]


def _source(action: Mapping[str, Any]) -> Source:
    asked = action.get("configuration", {})
    provider = action["actionTypeId"]["provider"]
    where, what = {
        "CodeCommit": (asked.get("RepositoryName"), asked.get("BranchName")),
        "CodeStarSourceConnection": (asked.get("FullRepositoryId"), asked.get("BranchName")),
        "GitHub": (f"{asked.get('Owner')}/{asked.get('Repo')}", asked.get("Branch")),
        "S3": (asked.get("S3Bucket"), asked.get("S3ObjectKey")),
    }.get(provider, ("", ""))
    return Source(action["name"], provider, where or "", what or "")


def unprompted(stages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stages whose sources start nothing by themselves when they are given a folder."""
    return [{**one, "actions": [_unprompted(each) for each in one["actions"]]} for one in stages]


def _unprompted(action: Mapping[str, Any]) -> dict[str, Any]:
    kind = action["actionTypeId"]
    setting = _STARTING.get(kind["provider"]) if kind["category"] == "Source" else None
    if setting is None:
        return dict(action)
    return {**action, "configuration": {**action.get("configuration", {}), setting: "false"}}


class Feeding:
    """Gives source actions the folders they are to have.

    `mirrors` is where this server looks for repositories behind connections and of GitHub; "" where
    that is somebody else's to say. Raises SourceError, TreeError, and what the API answers.
    """

    def __init__(self, clients: Mapping[str, Client], own: str, mirrors: str) -> None:
        self._clients = clients
        self._own = own
        self._mirrors = mirrors
        self._trees: dict[str, str] = {}

    def feed(self, source: Source, folder: str) -> None:
        tree = self._tree(folder)
        if source.provider == _HOSTED:
            self._push(source, tree)
        elif source.provider == "S3":
            self._put(source, tree)
        elif source.provider in _MIRRORED:
            self._mirror(source, tree)
        else:
            raise SourceError(
                f"{source.action}: a source of {source.provider} cannot be given a folder"
            )

    def _tree(self, folder: str) -> str:
        place = os.path.realpath(folder)
        if place not in self._trees:
            repository = os.path.join(self._own, f"tree-{len(self._trees)}.git")
            commit_tree(place, repository)
            self._trees[place] = repository
        return self._trees[place]

    def _push(self, source: Source, tree: str) -> None:
        client = self._clients["codecommit"]
        try:
            found = client.get_repository(repositoryName=source.where)
        except client.exceptions.RepositoryDoesNotExistException:
            found = client.create_repository(repositoryName=source.where)
        push_tree(tree, found["repositoryMetadata"]["cloneUrlHttp"], source.what)

    def _put(self, source: Source, tree: str) -> None:
        client = self._clients["s3"]
        packed = os.path.join(self._own, f"{source.action}.zip")
        pack_tree(tree, packed)
        if source.where not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=source.where)
            client.put_bucket_versioning(
                Bucket=source.where, VersioningConfiguration={"Status": "Enabled"}
            )
        with open(packed, "rb") as body:
            client.put_object(Bucket=source.where, Key=source.what, Body=body)

    def _mirror(self, source: Source, tree: str) -> None:
        if not self._mirrors:
            raise SourceError(
                f"{source.action}: where {source} is, is a setting of that server (`connections`)"
            )
        place = os.path.join(self._mirrors, source.where)
        if os.path.relpath(place, self._mirrors).startswith(os.pardir):
            raise SourceError(f"{source.action}: {source.where} is no repository's name")
        if not os.path.exists(place):
            shutil.copytree(tree, place)
        push_tree(tree, place, source.what)


def folders_for(sources: Iterable[Source], given: Iterable[str]) -> Iterator[tuple[Source, str]]:
    """Which source gets which folder of `--source DIR` and `--source ACTION=DIR`.

    Raises SourceError for an action that is not there, and for a source that gets none.
    """
    sources = list(sources)
    named: dict[str, str] = {}
    every = ""
    for text in given:
        action, equals, folder = text.partition("=")
        if equals and action in {one.action for one in sources}:
            named[action] = folder
        elif equals and not os.path.isdir(text):
            names = ", ".join(one.action for one in sources)
            raise SourceError(f"--source {text}: there is no source action {action}, only {names}")
        else:
            every = text
    for source in sources:
        folder = named.get(source.action, every)
        if not folder:
            raise SourceError(f"--source {source.action}=DIR is missing: it is {source}")
        yield source, folder
