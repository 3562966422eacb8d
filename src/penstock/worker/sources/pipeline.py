"""Sources that a pipeline hands to a build: an input artifact, by the ARN of its object (CB-113).

An artifact may say where to clone a commit from instead of having files (CP-121, CP-122). Whoever
makes artifacts may write one that says so: what it leads to is only ever a repository that is
hosted here, or one of a connection of the account, whose token goes nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.decide.artifact_places import split_location
from penstock.errors import AwsError
from penstock.runner.archives import ArchiveError
from penstock.runner.archives.zip_reader import extract_zip
from penstock.runner.codebuild.source import Source
from penstock.store.connections_to_git import GitConnection, connection_for
from penstock.store.source_credentials import Credential
from penstock.worker.memory import Memory
from penstock.worker.refusal import refused, refused_by
from penstock.worker.sources.git import HOSTED, fetch_git
from penstock.worker.sources.s3 import fetch_object
from penstock.worker.work import Work

if TYPE_CHECKING:
    from penstock.actions.git_sources import CloneReference

_ARN = "arn:aws:s3:::"

Note = Callable[[str], None]


def fetch_artifact(
    work: Work, memory: Memory, arn: str, path: str, note: Note
) -> tuple[Source, str | None]:
    """Unpacks an artifact into `path`, or clones what it refers to; and the branch, if that is
    known. Raises Refused."""
    if not arn.startswith(_ARN):
        raise refused("Sources of type CODEPIPELINE come from a pipeline, and there is none")
    bucket, key = split_location(arn)
    packed, account = f"{path}.zip", work.begun.name.account
    try:
        memory.ask(lambda: fetch_object(memory.store, bucket, key, packed, owner=account))
        reference = _reference(packed)
        if reference is None:
            extract_zip(packed, path)
        os.unlink(packed)
    except AwsError as error:
        raise refused_by(error, f"{bucket}/{key}") from None
    except (ArchiveError, OSError) as error:
        raise refused(f"{bucket}/{key}: {error}") from None
    if reference is not None:
        return _clone(work, memory, reference, arn, path, note)
    revision = work.effective.get("pipelineRevisions", {}).get(arn, "")
    return Source(path, arn, revision), None


def _reference(packed: str) -> CloneReference | None:
    from penstock.actions.git_sources import read_reference

    try:
        found = read_reference(packed)
    except RecursionError:  # who makes artifacts may have written anything
        return None
    return found if found and all(isinstance(part, str) for part in found) else None


def _clone(
    work: Work, memory: Memory, reference: CloneReference, arn: str, path: str, note: Note
) -> tuple[Source, str | None]:
    """All of the branch's history, with the commit checked out."""
    kind, credential = "CODECOMMIT", None
    if reference.connection:
        connection = _connection(work, memory, reference)
        kind, credential = _types()[connection.provider], _credential(memory, connection)
    elif not HOSTED.fullmatch(reference.location):
        raise refused(f"{reference.location} is no repository of CodeCommit")
    source = {"type": kind, "location": reference.location}
    branch = f"refs/heads/{reference.branch}"
    version = f"{branch}^{{{reference.commit}}}"
    fetched, _ = fetch_git(work, memory, source, version, path, note, credential)
    return Source(path, arn, fetched.resolved_version, fetched.repo_url), branch


def _connection(work: Work, memory: Memory, reference: CloneReference) -> GitConnection:
    """The connection that the repository is one of. Raises Refused."""
    account, database = work.begun.name.account, memory.store.database
    found = memory.ask(lambda: connection_for(database, account, reference.connection))
    if found is None or found.place is None:
        raise refused(f"There is no connection {reference.connection!r} that is available")
    first, _, last = found.place.partition("{repository}")
    repository = reference.location.removeprefix(first)
    repository = repository.removesuffix(last) if last else repository
    if found.url(repository) != reference.location or not _is_inside(repository):
        raise refused(f"{reference.location} is no repository of the connection {found.name}")
    return found


def _is_inside(repository: str) -> bool:
    parts = repository.split("/")
    return not any(part in ("", ".", "..") or part[0] == "-" for part in parts)


def _types() -> Mapping[str, str]:
    from penstock.actions.source_connection import TYPES

    return TYPES


def _credential(memory: Memory, connection: GitConnection) -> Credential | None:
    """The token of a connection. Raises Refused."""
    from penstock.actions.source_connection import USERS
    from penstock.services.codeconnections.secrets import secret_text

    secret, now = connection.token, datetime.now(UTC)
    if secret is None:
        return None
    try:
        token = memory.ask(lambda: secret_text(memory.store, connection, secret, now))
    except AwsError as error:
        raise refused_by(error, f"The token of the connection {connection.name}") from None
    user = USERS.get(connection.provider, "x-access-token")
    return Credential("CONNECTION", "BASIC_AUTH", user, token) if token else None
