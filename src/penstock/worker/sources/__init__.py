"""A build's sources, fetched into its folder (CB-112…114, CB-150…154)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from penstock.runner.codebuild.source import Source
from penstock.worker.memory import Memory
from penstock.worker.refusal import refused
from penstock.worker.sources.git import fetch_git
from penstock.worker.sources.pipeline import fetch_artifact
from penstock.worker.sources.s3 import fetch_s3
from penstock.worker.work import Work

GIT = (
    "CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET",
)  # fmt: skip
Note = Callable[[str], None]


class Sources(NamedTuple):
    """`variables` are those that tell of the `secondary` ones, which are in these folders. `ref` is
    the primary's branch or tag, where it is known."""

    primary: Source
    secondary: tuple[str, ...]
    variables: Mapping[str, str]
    ref: str | None = None


def fetch_sources(work: Work, memory: Memory, note: Note) -> Sources:
    """Raises Refused."""
    build = work.effective
    path = make_folder(work.folder, build["source"])
    version = build.get("sourceVersion", "")
    primary, ref = _fetch(work, memory, build["source"], version, path, note)
    versions = {
        one["sourceIdentifier"]: one["sourceVersion"]
        for one in build.get("secondarySourceVersions", ())
    }
    secondary: list[str] = []
    variables: dict[str, str] = {}
    for source in build.get("secondarySources", ()):
        identifier = source["sourceIdentifier"]
        # In the folder that a container sees: of sources it sees the primary one only.
        path = make_folder(work.tmp, source)
        found, _ = _fetch(work, memory, source, versions.get(identifier, ""), path, note)
        secondary.append(found.path)
        variables |= _variables(work, found, identifier)
    return Sources(primary, tuple(secondary), variables, ref)


def make_folder(below: str, source: Mapping[str, Any]) -> str:
    """A new folder, named as CodeBuild does (CB-112), whose own parents are there."""
    digits = int.from_bytes(os.urandom(4), "big") % 10**9
    path = os.path.join(below, f"src{digits:09}", "src")
    if source["type"] in GIT:
        path = os.path.join(path, *_repository(source["location"]))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def _repository(location: str) -> list[str]:
    """`github.com/owner/repo` of an HTTPS URL; nothing of other locations, such as paths."""
    url = urlsplit(location)
    if not url.hostname:
        return []
    parts = [part for part in url.path.removesuffix(".git").split("/") if part not in ("", "..")]
    return [url.hostname, *parts]


def _fetch(
    work: Work,
    memory: Memory,
    source: Mapping[str, Any],
    version: str,
    path: str,
    note: Note,
) -> tuple[Source, str | None]:
    kind = source["type"]
    if kind == "NO_SOURCE":
        os.mkdir(path)
        return Source(path), None
    if kind == "S3":
        return fetch_s3(work, memory, source, version, path), None
    if kind in GIT:
        return fetch_git(work, memory, source, version, path, note)
    if kind == "CODEPIPELINE":
        return fetch_artifact(work, memory, version, path, note)
    raise refused(f"not implemented: sources of type {kind}")


def _variables(work: Work, source: Source, identifier: str) -> dict[str, str]:
    """CB-112…114"""
    found = {
        "CODEBUILD_SRC_DIR": work.inside(source.path),
        "CODEBUILD_SOURCE_REPO_URL": source.repo_url,
        "CODEBUILD_SOURCE_VERSION": source.version,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": source.resolved_version,
    }
    return {f"{name}_{identifier}": value for name, value in found.items() if value}
