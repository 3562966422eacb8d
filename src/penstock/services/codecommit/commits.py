"""Commits by their ids."""

from __future__ import annotations

from penstock.errors import AwsError
from penstock.services.codecommit.hosted import Hosted, check_here, read_commits
from penstock.services.codecommit.names import is_commit
from penstock.services.service import Answer, Request
from penstock.state.calls import Call

MOST = 100


class Commits(Hosted):
    async def get_commit(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        commit = request["commitId"]
        if not is_commit(commit):
            raise AwsError("InvalidCommitIdException", f"The commit ID is not valid: {commit}")
        check_here(found)
        commits = await read_commits(found, [commit])
        if commit not in commits:
            raise _missing(commit)
        return {"commit": commits[commit]}

    async def batch_get_commits(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        ids = list(dict.fromkeys(request["commitIds"]))
        if not ids:
            raise AwsError("CommitIdsListRequiredException", "A list of commit IDs is required.")
        if len(ids) > MOST:
            raise AwsError(
                "CommitIdsLimitExceededException", f"At most {MOST} commit IDs are allowed."
            )
        check_here(found)
        commits = await read_commits(found, [one for one in ids if is_commit(one)])
        return {
            "commits": [commits[one] for one in ids if one in commits],
            "errors": [
                {
                    "commitId": one,
                    "errorCode": _missing(one).code,
                    "errorMessage": _missing(one).message,
                }
                for one in ids
                if one not in commits
            ],
        }


def _missing(commit: str) -> AwsError:
    return AwsError("CommitIdDoesNotExistException", f"Commit {commit} does not exist")
