"""A commit on GitHub as a source, with a token of its own (CP-123)."""

from __future__ import annotations

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
from penstock.actions.source_connection import commit_url, name_problem
from penstock.state.pipelines import Revision
from penstock.store import Store
from penstock.store.connections_to_git import PLACES
from penstock.store.facts import recall
from penstock.store.repository_folders import GitError

GITHUB = "https://github.com/{repository}.git"


async def start(store: Store, start: Start) -> Outcome:
    asked = start.configuration
    full, branch = f"{asked['Owner']}/{asked['Repo']}", asked["Branch"]
    if problem := name_problem(full, branch):
        return Failed("ConfigurationError", problem)
    places = await recall(store.database, PLACES) or {}
    url = str(places.get("GitHub", GITHUB)).replace("{repository}", full)
    remote = Remote(url, "x-access-token", asked["OAuthToken"])
    try:
        async with fetched(remote, branch, asked_commit(start)) as (folder, commit):
            about = await read_commit(folder, commit)
            reference = CloneReference("GITHUB", url, about.id, branch)
            made = await make_artifacts(store, start, folder, reference)
    except (RemoteError, GitError, ValueError) as error:
        return failed(full, error)
    page = commit_url(GITHUB.replace("{repository}", full), about.id)
    variables = {
        "RepositoryName": asked["Repo"],
        "BranchName": branch,
        "CommitId": about.id,
        "CommitMessage": about.message,
        "CommitUrl": page,
        "AuthorDate": about.authored,
        "CommitterDate": about.committed,
    }
    succeeded = Succeeded(made, variables, Revision(about.id, about.message, page))
    return Done(succeeded, external_id=about.id, url=page, summary=about.message)
