"""`penstock git-url`: the URL of a hosted repository, for `git clone`, `push` and `remote add`."""

from __future__ import annotations

import json

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Usage, UsageError
from penstock.cli.server_command import HELP, JSON, CommandError, options

USAGE = Usage(
    "git-url",
    "Prints the URL of a repository that the server hosts.",
    (*options("data"), ENDPOINT, JSON, HELP),
    words="REPOSITORY",
)


def perform(given: Given) -> int:
    if len(given.words) != 1:
        raise UsageError("penstock git-url takes one REPOSITORY")
    client = Api(given).client("codecommit")
    try:
        answer = client.get_repository(repositoryName=given.words[0])
    except client.exceptions.RepositoryDoesNotExistException:
        raise CommandError(
            f"there is no repository {given.words[0]}: make one with"
            f" `aws codecommit create-repository --repository-name {given.words[0]}`"
        ) from None
    url = answer["repositoryMetadata"]["cloneUrlHttp"]
    print(json.dumps({"url": url}) if given.has("json") else url)
    return 0
