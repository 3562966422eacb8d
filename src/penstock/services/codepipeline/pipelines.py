"""Pipelines: created, updated, read, listed, deleted.

A role may be any role's ARN: that it trusts CodePipeline is not looked at (CP-015), as roles are
the sandbox's.
"""

from __future__ import annotations

from typing import Any

from penstock.documents.pipelines import Pipeline
from penstock.documents.pipelines.reader import completed, read_pipeline
from penstock.errors import AwsError
from penstock.flow.pipelines import begin, redefine
from penstock.services.codepipeline.errors import (
    invalid_token,
    limit_exceeded,
    pipeline_not_found,
    refusal,
    version_not_found,
)
from penstock.services.codepipeline.names import name_of
from penstock.services.codepipeline.secrets import Document, take_secrets
from penstock.services.codepipeline.tag_rules import checked_tags, shown_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.state.pipelines import Cause
from penstock.store import pipelines
from penstock.store.buckets import find_bucket
from penstock.store.custom_action_types import custom_types
from penstock.store.facts import starts_by_itself

MAX_PIPELINES = 1_000  # CP-176
PAGE = 1_000


class Pipelines(Service):
    async def create_pipeline(self, call: Call, request: Request) -> Answer:
        """CP-020, CP-023: its first execution begins with it, but where a variable has no value
        of its own: then a start has to give one."""
        name = name_of(call, request["pipeline"]["name"])
        tags = checked_tags(name.arn, {}, request.get("tags", []))
        pipeline, whole, custom = await self._accept(call, request["pipeline"])
        document, secrets = take_secrets(whole, pipeline, custom, {})
        async with self.store.database.transaction() as connection:
            if await pipelines.count_pipelines(connection, *name[:2]) >= MAX_PIPELINES:
                raise limit_exceeded(
                    f"Account '{name.account}' cannot have more than {MAX_PIPELINES} pipelines"
                )
            made = await pipelines.insert_pipeline(
                connection,
                self.store.sealer,
                name,
                document,
                secrets=secrets,
                tags=tags,
                now=call.now,
            )
            if made is None:
                raise AwsError(
                    "PipelineNameInUseException",
                    f"A pipeline with the name '{name.name}' already exists in account"
                    f" '{name.account}'",
                )
            ready = all(variable.default is not None for variable in pipeline.variables)
            if ready and await starts_by_itself(connection):
                cause = Cause("CreatePipeline", call.principal.arn)
                await begin(connection, name, cause, now=call.now)
        answer: Answer = {"pipeline": {**document, "version": 1}}
        return {**answer, "tags": shown_tags(tags)} if tags else answer

    async def update_pipeline(self, call: Call, request: Request) -> Answer:
        """CP-021, CP-022; of an unknown name PipelineNotFoundException, which the model lacks."""
        name = name_of(call, request["pipeline"]["name"])
        pipeline, whole, custom = await self._accept(call, request["pipeline"])
        sealer = self.store.sealer
        async with self.store.database.transaction() as connection:
            row = await pipelines.lock_pipeline(connection, name)
            if row is None:
                raise pipeline_not_found(name)
            kept = await pipelines.read_secrets(connection, sealer, row.id, row.version)
            document, secrets = take_secrets(whole, pipeline, custom, kept)
            version = await pipelines.update_pipeline(
                connection, sealer, name, document, secrets=secrets, now=call.now
            )
            if version is None:
                raise pipeline_not_found(name)
            await redefine(connection, name, version, pipeline, call.now)
        return {"pipeline": {**document, "version": version}}

    async def get_pipeline(self, call: Call, request: Request) -> Answer:
        """CP-020"""
        name, version = name_of(call, request["name"]), request.get("version")
        row = await pipelines.find_pipeline(self.store.database, name, version)
        if row is None:
            raise pipeline_not_found(name)
        if row.document is None:
            raise version_not_found(name, version or row.current)
        metadata = {"pipelineArn": name.arn, "created": row.created, "updated": row.updated}
        if row.polling_disabled_at:
            metadata["pollingDisabledAt"] = row.polling_disabled_at
        return {"pipeline": {**row.document, "version": row.version}, "metadata": metadata}

    async def delete_pipeline(self, call: Call, request: Request) -> None:
        """Of an absent name too: the model has no error for it."""
        async with self.store.database.transaction() as connection:
            await pipelines.delete_pipeline(connection, name_of(call, request["name"]))

    async def list_pipelines(self, call: Call, request: Request) -> Answer:
        after = read_token("pipelines", request.get("nextToken"), invalid_token())
        limit = request.get("maxResults", PAGE)
        rows = await pipelines.list_pipelines(
            self.store.database,
            call.account,
            call.region,
            after=after[0] if after else "",
            limit=limit + 1,
        )
        page, token = cut(rows, limit, lambda row: make_token("pipelines", row.name))
        answer: Answer = {"pipelines": [_summary(row) for row in page]}
        return {**answer, "nextToken": token} if token else answer

    async def _accept(self, call: Call, declaration: Document) -> tuple[Pipeline, Document, Any]:
        """The declaration as values and as it is kept, and the account's own types of actions.

        Raises AwsError with the first problem.
        """
        custom = await custom_types(self.store.database, call.account, call.region)
        pipeline, problems = read_pipeline(declaration, custom, call.region)
        if problems:
            raise refusal(problems)
        for region, store in pipeline.stores.items():
            await self._check_bucket(store.bucket, region or call.region)
        return pipeline, completed(declaration, pipeline), custom

    async def _check_bucket(self, bucket: str, region: str) -> None:
        """CP-008"""
        try:
            found = await find_bucket(self.store.database, bucket)
        except AwsError as error:
            raise _no_bucket(bucket, region) from error
        if found.region != region:
            raise _no_bucket(bucket, region)


def _no_bucket(bucket: str, region: str) -> AwsError:
    return AwsError(
        "InvalidStructureException",
        f"The artifact bucket {bucket} does not exist in region {region}: create it first",
    )


def _summary(row: Any) -> Answer:
    return {
        "name": row.name,
        "version": row.version,
        "pipelineType": row.type,
        "executionMode": row.mode,
        "created": row.created,
        "updated": row.updated,
    }
