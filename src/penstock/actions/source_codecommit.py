"""A commit of a hosted repository as a source (CP-121)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from penstock.actions.contract import Done, Failed, Outcome, Start, Succeeded
from penstock.actions.git_sources import (
    CloneReference,
    Remote,
    RemoteError,
    asked_commit,
    failed,
    fetched,
    make_artifacts,
    read_commit,
)
from penstock.flow.action_sessions import session_of
from penstock.state.pipelines import Revision
from penstock.state.recorded_repositories import BRANCH, Repository
from penstock.store import Store
from penstock.store.access_keys import issue_key
from penstock.store.repositories import find_repository, recorded_commit
from penstock.store.repository_folders import GitError, ask_git, is_here

_LIFETIME = timedelta(minutes=15)


async def start(store: Store, start: Start) -> Outcome:
    name, branch = start.configuration["RepositoryName"], start.configuration["BranchName"]
    region = getattr(start.action, "region", "") or start.name.region
    repository = await find_repository(store.database, start.name.account, region, name)
    if repository is None:
        return Failed("ConfigurationError", f"There is no repository {name} in {region}")
    try:
        asked = asked_commit(start)
        commit = asked or await recorded_commit(store.database, repository.id, BRANCH + branch)
        if commit is None:
            return Failed("RevisionUnavailable", f"The repository {name} has no branch {branch}")
        async with _there(store, start, repository, branch, commit) as folder:
            return await _done(store, start, repository, folder, commit)
    except (RemoteError, GitError, ValueError) as error:
        return failed(name, error)


async def _done(
    store: Store, start: Start, repository: Repository, folder: str, commit: str
) -> Outcome:
    branch = start.configuration["BranchName"]
    found = await ask_git(folder, "cat-file", "-e", f"{commit}^{{commit}}")
    if found.code != 0:
        return Failed(
            "RevisionUnavailable", f"The repository {repository.name} has no commit {commit}"
        )
    about = await read_commit(folder, commit)
    location = (
        f"https://git-codecommit.{repository.region}.amazonaws.com/v1/repos/{repository.name}"
    )
    reference = CloneReference("CODECOMMIT", location, about.id, branch)
    made = await make_artifacts(store, start, folder, reference)
    variables = {
        "RepositoryName": repository.name,
        "BranchName": branch,
        "CommitId": about.id,
        "CommitMessage": about.message,
        "AuthorDate": about.authored,
        "CommitterDate": about.committed,
    }
    succeeded = Succeeded(made, variables, Revision(about.id, about.message))
    return Done(succeeded, external_id=about.id, summary=about.message)


@asynccontextmanager
async def _there(
    store: Store, start: Start, repository: Repository, branch: str, commit: str
) -> AsyncIterator[str]:
    """The repository's own folder, or, on a machine that lacks it, what is fetched from the server.

    Raises RemoteError, GitError.
    """
    if is_here(repository.folder):
        yield repository.folder
        return
    now = datetime.now(UTC)
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection,
            store.sealer,
            session_of(start),
            now=now,
            expires=now + _LIFETIME,
            description=f"source {start.id}",
        )
    url = f"{start.endpoint}/git/{repository.region}/{repository.name}"
    user = f"{key.access_key_id}%{key.session_token}"
    async with fetched(Remote(url, user, key.secret_access_key), branch, commit) as (folder, _):
        yield folder
