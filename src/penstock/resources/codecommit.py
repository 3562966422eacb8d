"""Repositories that are hosted here, with the files they begin with (TG-135)."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from penstock.errors import AwsError
from penstock.flow.repositories import changing
from penstock.resources.contract import Answer, Handler, Job, Made, Outcome
from penstock.resources.differences import differs
from penstock.resources.existence import settled, unless_there
from penstock.resources.shaping import check_names, request_of, shaped
from penstock.resources.tags import tag_change, tags_of
from penstock.runner.archives import ArchiveError
from penstock.runner.archives.zip_reader import extract_zip
from penstock.services.codecommit.hosted import check_here, find_commit
from penstock.services.codecommit.names import check_branch
from penstock.services.codecommit.writing import Author, Base, move_branch, write_commit
from penstock.state.recorded_repositories import BRANCH, Repository
from penstock.store.objects import find_object, stream_object
from penstock.store.repositories import find_repository, lock_repository
from penstock.store.repository_folders import run_git

_TAKEN = ("KmsKeyId", "RepositoryDescription", "RepositoryName")
_APART = ("Code", "Tags", "Triggers")
FIRST = "Initial commit"


class HostedRepository:
    """Code is looked at once, when the repository is made, as CloudFormation does."""

    async def create(self, job: Job) -> Outcome:
        asked, name = _request(job), str(job.properties.get("RepositoryName", ""))
        if tags := tags_of(job):
            asked["tags"] = tags
        creating = job.cloud.ask("codecommit", "CreateRepository", **asked)
        made = await unless_there(job, creating, "RepositoryNameExistsException")
        if made is None:
            made = await job.cloud.ask("codecommit", "GetRepository", repositoryName=name)
        about = made["repositoryMetadata"]
        return await settled(job, about["repositoryId"], self._fill(job, about))

    async def update(self, job: Job) -> Outcome:
        asked = _request(job)
        old, name = await _called(job), str(job.properties.get("RepositoryName", ""))
        if old != name:
            await job.cloud.ask("codecommit", "UpdateRepositoryName", oldName=old, newName=name)
        if differs(job, "RepositoryDescription"):
            about = {"repositoryDescription": asked.get("repositoryDescription", "")}
            await job.cloud.ask(
                "codecommit", "UpdateRepositoryDescription", repositoryName=name, **about
            )
        found = await job.cloud.ask("codecommit", "GetRepository", repositoryName=name)
        await self._tag(job, found["repositoryMetadata"]["Arn"])
        return await self._trigger(job, found["repositoryMetadata"])

    async def delete(self, job: Job) -> Outcome:
        try:
            name = await _called(job)
        except AwsError:
            return Made(job.physical_id)
        await job.cloud.ask("codecommit", "DeleteRepository", repositoryName=name)
        return Made(job.physical_id)

    async def _fill(self, job: Job, about: Answer) -> Made:
        if "Code" in job.properties:
            await _first_commit(job, about["repositoryName"])
        return await self._trigger(job, about)

    async def _trigger(self, job: Job, about: Answer) -> Made:
        if differs(job, "Triggers"):
            asked = _triggers(job)
            name = about["repositoryName"]
            await job.cloud.ask("codecommit", "PutRepositoryTriggers", repositoryName=name, **asked)
        return Made(about["repositoryId"], _attributes(job, about))

    async def _tag(self, job: Job, arn: str) -> None:
        change = tag_change(job)
        if change.gone:
            await job.cloud.ask("codecommit", "UntagResource", resourceArn=arn, tagKeys=change.gone)
        if change.put:
            await job.cloud.ask("codecommit", "TagResource", resourceArn=arn, tags=change.put)


async def _called(job: Job) -> str:
    """What it is called by now: a rename that was refused leaves its name, and whoever has the
    other one is somebody else's. Raises AwsError where it is gone."""
    async with job.store.database.transaction() as connection:
        found = await lock_repository(connection, UUID(job.physical_id))
    if found is None or found.account != job.stack.account:
        raise AwsError("RepositoryDoesNotExistException", f"{job.physical_id} does not exist")
    return found.name


def _request(job: Job) -> Answer:
    asked = request_of("codecommit", "CreateRepositoryInput", job.properties, _TAKEN, _APART)
    _triggers(job)
    return asked


def _triggers(job: Job) -> Answer:
    given = {"triggers": job.properties.get("Triggers") or []}
    asked = shaped("codecommit", "PutRepositoryTriggersInput", given)
    for trigger in asked["triggers"]:
        trigger.setdefault("branches", [])
    return asked


def _attributes(job: Job, about: Answer) -> Mapping[str, Any]:
    """There is no SSH here: AWS's own address stands for what a template may want of it."""
    name = about["repositoryName"]
    host = f"git-codecommit.{job.stack.region}.amazonaws.com"
    return {
        "Arn": about["Arn"],
        "CloneUrlHttp": about["cloneUrlHttp"],
        "CloneUrlSsh": about.get("cloneUrlSsh", f"ssh://{host}/v1/repos/{name}"),
        "Name": name,
        "RepositoryId": about["repositoryId"],
    }


async def _first_commit(job: Job, name: str) -> None:
    """Makes the files of an archive the first commit of a branch, unless it has one. Raises
    AwsError."""
    code = job.properties["Code"]
    check_names(code, ("BranchName", "S3"))
    place = code.get("S3") or {}
    check_names(place, ("Bucket", "Key", "ObjectVersion"))
    branch = str(code.get("BranchName") or "main")
    check_branch(branch)
    database = job.store.database
    found = await find_repository(database, job.stack.account, job.stack.region, name)
    if found is None:
        raise AwsError("RepositoryDoesNotExistException", f"{name} does not exist")
    check_here(found)
    if await find_commit(found, BRANCH + branch):
        return
    with tempfile.TemporaryDirectory(prefix="penstock-code-") as folder:
        archive, files = os.path.join(folder, "code.zip"), os.path.join(folder, "files")
        await _download(job, place, archive)
        try:
            await asyncio.to_thread(extract_zip, archive, files)
        except ArchiveError as error:
            raise AwsError("InvalidCodeException", f"Code.S3: {error}") from None
        await _commit(job, found, branch, files)


async def _download(job: Job, place: Mapping[str, Any], path: str) -> None:
    bucket, key, version = (place.get(name) for name in ("Bucket", "Key", "ObjectVersion"))
    account = job.stack.account
    found = await find_object(
        job.store, str(bucket), str(key), str(version) if version else None, owner=account
    )
    with open(path, "wb") as file:
        async for piece in stream_object(job.store, found):
            file.write(piece)


async def _commit(job: Job, repository: Repository, branch: str, files: str) -> None:
    base = Base(repository, branch, "")
    folder = repository.folder
    with tempfile.TemporaryDirectory(prefix="penstock-index-", dir=folder) as own:
        variables = {"GIT_INDEX_FILE": os.path.join(own, "index"), "GIT_WORK_TREE": files}
        await run_git(folder, "-C", files, "add", "-A", "-f", ".", variables=variables)
        tree = (await run_git(folder, "write-tree", variables=variables)).text
    name = job.principal.arn.rpartition(":")[2].rpartition("/")[2]
    commit = await write_commit(base, tree, Author(name or "root", "", job.now), FIRST)
    async with changing(job.store, repository, job.principal.arn) as held:
        await move_branch(base, commit, held)


HANDLERS: Mapping[str, Handler] = {"AWS::CodeCommit::Repository": HostedRepository()}
