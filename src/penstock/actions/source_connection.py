"""A commit of a repository behind a connection as a source (CP-122)."""

from __future__ import annotations

import json
import re

from penstock.actions.acting import call_of
from penstock.actions.contract import Done, Failed, Outcome, Start, Succeeded
from penstock.actions.git_sources import (
    CloneReference,
    Commit,
    Remote,
    RemoteError,
    asked_commit,
    bare_url,
    failed,
    fetched,
    make_artifacts,
    read_commit,
)
from penstock.services.secretsmanager import SecretsManager
from penstock.state.pipelines import Revision
from penstock.store import Store
from penstock.store.connections_to_git import GitConnection, connection_for
from penstock.store.repository_folders import GitError

_REPOSITORY = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[\w.-]+(?:/[\w. -]+)+")
_BRANCH = re.compile(r"(?!-)[^\s~^:?*\[\\]+")
USERS = {"Bitbucket": "x-token-auth", "GitLab": "oauth2", "GitLabSelfManaged": "oauth2"}
TYPES = {
    "Bitbucket": "BITBUCKET",
    "GitHub": "GITHUB",
    "GitHubEnterpriseServer": "GITHUB_ENTERPRISE",
    "GitLab": "GITLAB",
    "GitLabSelfManaged": "GITLAB_SELF_MANAGED",
    "AzureDevOps": "GITHUB_ENTERPRISE",
}
"""CodeBuild's types of sources, by provider; of those it has none for, one that is plain git."""


async def start(store: Store, start: Start) -> Outcome:
    arn, full = start.configuration["ConnectionArn"], start.configuration["FullRepositoryId"]
    connection = await connection_for(store.database, start.name.account, arn)
    if connection is None:
        return Failed("ConfigurationError", f"There is no connection {arn}")
    if connection.place is None:
        return Failed(
            "ConfigurationError",
            f"The connection {connection.name} is PENDING: say where repositories of"
            f" {connection.provider} are with the setting `connections`, such as"
            f' {connection.provider} = "https://…/{{repository}}.git"',
        )
    if problem := name_problem(full, start.configuration["BranchName"]):
        return Failed("ConfigurationError", problem)
    remote = Remote(
        connection.url(full),
        USERS.get(connection.provider, "x-access-token"),
        await token_of(store, start, connection),
    )
    branch = start.configuration["BranchName"]
    try:
        async with fetched(remote, branch, asked_commit(start)) as (folder, commit):
            about = await read_commit(folder, commit)
            reference = CloneReference(
                TYPES[connection.provider], remote.url, about.id, branch, connection.arn
            )
            made = await make_artifacts(store, start, folder, reference)
    except (RemoteError, GitError, ValueError) as error:
        return failed(full, error)
    return _done(start, connection, about, Succeeded(made), remote)


def _done(
    start: Start, connection: GitConnection, about: Commit, made: Succeeded, remote: Remote
) -> Outcome:
    variables = {
        "FullRepositoryName": start.configuration["FullRepositoryId"],
        "BranchName": start.configuration["BranchName"],
        "CommitId": about.id,
        "CommitMessage": about.message,
        "AuthorDate": about.authored,
        "ConnectionArn": connection.arn,
    }
    summary = json.dumps({"ProviderType": connection.provider, "CommitMessage": about.message})
    url = commit_url(remote.url, about.id)
    succeeded = made._replace(variables=variables, revision=Revision(about.id, summary, url))
    return Done(succeeded, external_id=about.id, url=url, summary=about.message)


def name_problem(repository: str, branch: str) -> str:
    """What is wrong with the names of a repository and a branch, or ""."""
    if not _REPOSITORY.fullmatch(repository):
        return f"{repository!r} is not the full name of a repository, such as owner/name"
    return "" if _BRANCH.fullmatch(branch) else f"{branch!r} is not the name of a branch"


def commit_url(url: str, commit: str) -> str:
    """The page of a commit, of repositories that have pages."""
    if not url.startswith("http"):
        return ""
    return f"{bare_url(url).removesuffix('.git')}/commit/{commit}"


async def token_of(store: Store, start: Start, connection: GitConnection) -> str:
    """The token that a connection's repositories are fetched with, or "". Raises AwsError."""
    if connection.token is None:
        return ""
    call = call_of(start, "secretsmanager", "GetSecretValue")
    found = await SecretsManager(store).get_secret_value(call, {"SecretId": connection.token})
    return str(found.get("SecretString", "")).strip()
