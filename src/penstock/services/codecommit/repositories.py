"""Repositories made, found, changed and removed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from psycopg.errors import UniqueViolation

from penstock.errors import AwsError
from penstock.flow.repositories import discard, set_branch
from penstock.services.codecommit.hosted import Hosted
from penstock.services.codecommit.names import check_branch, check_name, no_branch, no_repository
from penstock.services.codecommit.tags import check_tags
from penstock.services.paging import make_token, read_token
from penstock.services.service import Answer, Request
from penstock.state.calls import Call
from penstock.state.recorded_repositories import BRANCH, Repository, folder_of
from penstock.store import repositories as rows
from penstock.store.facts import recall
from penstock.store.repository_folders import make_folder, remove_folder

PAGE = 1000
MOST = 100
BAD_TOKEN = AwsError(
    "InvalidContinuationTokenException", "The specified continuation token is not valid."
)


class Repositories(Hosted):
    async def create_repository(self, call: Call, request: Request) -> Answer:
        name, tags = request["repositoryName"], request.get("tags") or {}
        check_name(name)
        check_tags(tags)
        if await rows.find_repository(self.store.database, call.account, call.region, name):
            raise _exists(name)
        made = Repository(
            uuid4(),
            call.account,
            call.region,
            name,
            request.get("repositoryDescription", ""),
            None,
            request.get("kmsKeyId"),
            call.now,
            call.now,
            tags,
            (),
            None,
            await rows.root_of(self.store.database),
            await recall(self.store.database, rows.HOME) or "",
        )
        await make_folder(made.folder)
        if not await rows.insert_repository(self.store.database, made):
            await remove_folder(made.folder)
            raise _exists(name)
        return {"repositoryMetadata": metadata(call, made)}

    async def get_repository(self, call: Call, request: Request) -> Answer:
        return {
            "repositoryMetadata": metadata(call, await self.find(call, request["repositoryName"]))
        }

    async def batch_get_repositories(self, call: Call, request: Request) -> Answer:
        names = list(dict.fromkeys(request["repositoryNames"]))
        if not names:
            raise AwsError(
                "RepositoryNamesRequiredException", "At least one repository name is required."
            )
        if len(names) > MOST:
            raise AwsError(
                "MaximumRepositoryNamesExceededException",
                f"The maximum number of allowed repository names was exceeded: {MOST}.",
            )
        for name in names:
            check_name(name)
        found = await rows.find_repositories(self.store.database, call.account, call.region, names)
        by_name = {one.name: one for one in found}
        missing = [name for name in names if name not in by_name]
        return {
            "repositories": [metadata(call, by_name[name]) for name in names if name in by_name],
            "repositoriesNotFound": missing,
            "errors": [
                {
                    "repositoryName": name,
                    "errorCode": no_repository(name).code,
                    "errorMessage": no_repository(name).message,
                }
                for name in missing
            ],
        }

    async def list_repositories(self, call: Call, request: Request) -> Answer:
        by, order = request.get("sortBy", "repositoryName"), request.get("order", "ascending")
        if by not in ("repositoryName", "lastModifiedDate"):
            raise AwsError("InvalidSortByException", f"The specified sort is not valid: {by}")
        if order not in ("ascending", "descending"):
            raise AwsError("InvalidOrderException", f"The specified order is not valid: {order}")
        kind = f"repositories:{by}:{order}"
        after = read_token(kind, request.get("nextToken"), BAD_TOKEN)
        found = await rows.list_repositories(
            self.store.database,
            call.account,
            call.region,
            by_time=by == "lastModifiedDate",
            descending=order == "descending",
            after=(after[0], after[1]) if after else None,
            limit=PAGE + 1,
        )
        page = found[:PAGE]
        answer: Answer = {
            "repositories": [
                {"repositoryName": one.name, "repositoryId": str(one.id)} for one in page
            ]
        }
        if len(found) > PAGE:
            answer["nextToken"] = make_token(kind, page[-1].modified.isoformat(), page[-1].name)
        return answer

    async def update_repository_name(self, call: Call, request: Request) -> None:
        old, new = request["oldName"], request["newName"]
        check_name(new)
        found = await self.find(call, old)
        try:
            async with self.store.database.transaction() as connection:
                await rows.rename_repository(connection, found.id, new, call.now)
        except UniqueViolation:
            raise _exists(new) from None

    async def update_repository_description(self, call: Call, request: Request) -> None:
        found = await self.find(call, request["repositoryName"])
        description = request.get("repositoryDescription", "")
        await rows.describe_repository(self.store.database, found.id, description, call.now)

    async def update_default_branch(self, call: Call, request: Request) -> None:
        found = await self.find(call, request["repositoryName"])
        branch = request["defaultBranchName"]
        check_branch(branch)
        if not await rows.recorded_commit(self.store.database, found.id, BRANCH + branch):
            raise no_branch(branch)
        await set_branch(self.store, found, branch)

    async def delete_repository(self, call: Call, request: Request) -> Answer:
        """One that is not there is none to complain of."""
        name = request["repositoryName"]
        check_name(name)
        root = await rows.root_of(self.store.database)
        async with self.store.database.transaction() as connection:
            gone = await rows.delete_repository(connection, call.account, call.region, name)
        if gone is None:
            return {}
        await discard(self.store, folder_of(root, gone), gone)
        return {"repositoryId": str(gone)}


def metadata(call: Call, found: Repository) -> dict[str, Any]:
    """RepositoryMetadata. There is no SSH here, and so no URL for it."""
    shape = {
        "accountId": found.account,
        "repositoryId": str(found.id),
        "repositoryName": found.name,
        "repositoryDescription": found.description or None,
        "defaultBranch": found.default_branch,
        "lastModifiedDate": found.modified,
        "creationDate": found.created,
        "cloneUrlHttp": call.endpoint + found.path,
        "Arn": found.arn,
        "kmsKeyId": found.key_id,
    }
    return {member: value for member, value in shape.items() if value is not None}


def _exists(name: str) -> AwsError:
    return AwsError("RepositoryNameExistsException", f"Repository named {name} already exists")
