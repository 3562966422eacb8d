"""Branches, which the API makes and removes as pushes do."""

from __future__ import annotations

from penstock.errors import AwsError
from penstock.flow.repositories import changing
from penstock.services.codecommit.hosted import Hosted, check_here
from penstock.services.codecommit.names import check_branch, is_commit, no_branch
from penstock.services.codecommit.repositories import BAD_TOKEN
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import BRANCH
from penstock.store import repositories as rows
from penstock.store.repository_folders import ask_git

PAGE = 100


class Branches(Hosted):
    async def get_branch(self, call: Call, request: Request) -> Answer:
        name, branch = request.get("repositoryName"), request.get("branchName")
        if name is None:
            raise AwsError("RepositoryNameRequiredException", "A repository name is required.")
        if branch is None:
            raise AwsError("BranchNameRequiredException", "A branch name is required.")
        found = await self.find(call, name)
        check_branch(branch)
        commit = await rows.recorded_commit(self.store.database, found.id, BRANCH + branch)
        if commit is None:
            raise no_branch(branch)
        return {"branch": {"branchName": branch, "commitId": commit}}

    async def list_branches(self, call: Call, request: Request) -> Answer:
        found = await self.find(call, request["repositoryName"])
        kind = f"branches:{found.id}"
        (after,) = read_token(kind, request.get("nextToken"), BAD_TOKEN) or ("",)
        refs = await rows.branches_after(self.store.database, found.id, after, PAGE + 1)
        page, token = cut(refs, PAGE, lambda ref: make_token(kind, ref))
        answer: Answer = {"branches": [ref.removeprefix(BRANCH) for ref in page]}
        return answer | {"nextToken": token} if token else answer

    async def create_branch(self, call: Call, request: Request) -> None:
        found = await self.find(call, request["repositoryName"])
        branch, commit = request["branchName"], request["commitId"]
        check_branch(branch)
        if not is_commit(commit):
            raise AwsError("InvalidCommitIdException", f"The commit ID is not valid: {commit}")
        check_here(found)
        there = await ask_git(found.folder, "cat-file", "-e", f"{commit}^{{commit}}")
        if there.code != 0:
            raise AwsError("CommitDoesNotExistException", f"Commit {commit} does not exist")
        async with changing(self.store, found, call.principal.arn) as held:
            made = await ask_git(
                found.folder,
                "update-ref",
                BRANCH + branch,
                commit,
                "0" * len(commit),
                hold=(held,),
            )
        if made.code != 0:
            raise AwsError(
                "BranchNameExistsException",
                f"Branch {branch} already exists, or is in the way of another one",
            )

    async def delete_branch(self, call: Call, request: Request) -> Answer:
        """A branch that is not there is none to complain of."""
        found = await self.find(call, request["repositoryName"])
        branch = request["branchName"]
        check_branch(branch)
        if branch == found.default_branch:
            raise AwsError(
                "DefaultBranchCannotBeDeletedException",
                f"Branch {branch} is the default branch, which cannot be deleted",
            )
        commit = await rows.recorded_commit(self.store.database, found.id, BRANCH + branch)
        if commit is None:
            return {}
        check_here(found)
        async with changing(self.store, found, call.principal.arn) as held:
            await ask_git(found.folder, "update-ref", "-d", BRANCH + branch, hold=(held,))
        return {"deletedBranch": {"branchName": branch, "commitId": commit}}
