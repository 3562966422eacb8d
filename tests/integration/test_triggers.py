"""What pushes to hosted repositories start, and revisions that somebody else has found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.flow.triggers import NOT_BY_ITSELF
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.facts import TRIGGERS, tell
from penstock.store.triggers import find_verdicts, forget_verdicts

from .plant import APPROVE, Plant, action, stage

pytestmark = pytest.mark.anyio
ME = "arn:aws:iam::000000000000:root"


class Mill:
    """A hosted repository app; `ask` asks any service."""

    def __init__(self, store: Store, call_of: Callable[..., Call]) -> None:
        self.store = store
        self.plant = Plant(store)
        self._call_of = call_of

    async def ask(self, service: str, operation: str, **request: Any) -> Any:
        handler = make_service(service, self.store).handler(operation)
        return await handler(self._call_of(service, operation, now=self.plant.now), request)

    async def push(self, branch: str = "main", name: str = "a") -> str:
        """A commit on a branch that begins with it, or with main; its id."""
        found = await self.ask("codecommit", "ListBranches", repositoryName="app")
        parent = {}
        if branch in found["branches"]:
            tip = await self.ask("codecommit", "GetBranch", repositoryName="app", branchName=branch)
            parent = {"parentCommitId": tip["branch"]["commitId"]}
        self.plant.tick()
        made = await self.ask(
            "codecommit", "PutFile", repositoryName="app", branchName=branch, filePath=name,
            fileContent=str(self.plant.now).encode(), **parent,
        )  # fmt: skip
        commit: str = made["commitId"]
        return commit

    async def listen(self, *names: str, **configuration: str) -> None:
        asked: Any = {"RepositoryName": "app", "BranchName": "main", **configuration}
        sources = [
            action(name, "CodeCommit", category="Source", outputs=(name,), **asked)
            for name in names or ("Fetch",)
        ]
        await self.plant.create(stage("Source", *sources), stage("Ask", APPROVE), name="app")

    async def revision(self, id: str, change: str = "1", **place: str) -> Any:
        return await self.ask(
            "codepipeline",
            "PutActionRevision",
            **{"pipelineName": "app", "stageName": "Source", "actionName": "Fetch", **place},
            actionRevision={
                "revisionId": id,
                "revisionChangeId": change,
                "created": self.plant.now,
            },
        )

    async def runs(self) -> list[dict[str, Any]]:
        rows = await self.store.database.fetch(
            "SELECT run FROM pipeline_executions ORDER BY number"
        )
        return [row.run for row in rows]


@pytest.fixture
async def mill(store: Store, tmp_path: Path, call_of: Callable[..., Call]) -> Mill:
    mill = Mill(store, call_of)
    async with store.database.transaction() as connection:
        await tell(connection, "repositories", str(tmp_path / "hosted"))
        await tell(connection, "region", "us-east-1")
    await mill.plant.bucket("artifacts", versioned=True)
    await mill.ask("codecommit", "CreateRepository", repositoryName="app")
    return mill


async def test_a_push_to_the_branch_of_a_hosted_repository_starts_its_pipeline(mill: Mill) -> None:
    """CP-100, CP-054"""
    await mill.listen()
    commit = await mill.push()
    assert [run["cause"]["type"] for run in await mill.runs()] == ["PollForSourceChanges"]
    (verdict,) = await find_verdicts(mill.store.database, mill.plant.name, commit[:7])
    assert (verdict.action, verdict.change) == ("Fetch", "a push to branch main")
    assert verdict.reasons == ["a push to its branch main"] and verdict.execution


async def test_two_sources_of_one_repository_start_one_execution(mill: Mill) -> None:
    """CP-052"""
    await mill.listen("One", "Two")
    await mill.push()
    assert len(await mill.runs()) == 1


async def test_other_branches_and_sources_that_are_not_to_be_polled_start_nothing(
    mill: Mill,
) -> None:
    """CP-100"""
    await mill.listen(PollForSourceChanges="false")
    commit = await mill.push()
    assert await mill.runs() == []
    (verdict,) = await find_verdicts(mill.store.database, mill.plant.name, commit)
    assert verdict.reasons == ["PollForSourceChanges is false"] and verdict.execution is None


async def test_where_nothing_is_to_start_by_itself_that_is_the_reason(mill: Mill) -> None:
    async with mill.store.database.transaction() as connection:
        await tell(connection, TRIGGERS, False)
    await mill.listen()
    commit = await mill.push()
    assert await mill.runs() == []
    (verdict,) = await find_verdicts(mill.store.database, mill.plant.name, commit)
    assert verdict.reasons[-1] == NOT_BY_ITSELF
    made = await mill.ask("codepipeline", "StartPipelineExecution", name="app")
    assert [run["id"] for run in await mill.runs()] == [made["pipelineExecutionId"]]


async def test_a_push_is_recorded_whatever_its_pipelines_make_of_it(mill: Mill) -> None:
    """CP-095"""
    await mill.listen()
    await mill.store.database.execute(
        'UPDATE pipeline_versions SET document = document || \'{"variables":[{"name":"V"}]}\''
    )
    commit = await mill.push()
    got = await mill.ask("codecommit", "GetBranch", repositoryName="app", branchName="main")
    assert got["branch"]["commitId"] == commit
    (verdict,) = await find_verdicts(mill.store.database, mill.plant.name, commit)
    assert "it was not started: ValidationException" in verdict.reasons[-1]
    assert await mill.runs() == []


async def test_verdicts_are_forgotten(mill: Mill) -> None:
    await mill.listen()
    commit = await mill.push()
    assert await forget_verdicts(mill.store.database, mill.plant.now.replace(year=2020)) == 0
    assert await forget_verdicts(mill.store.database, mill.plant.now.replace(year=2099)) == 1
    assert await find_verdicts(mill.store.database, mill.plant.name, commit) == []


async def test_percent_signs_in_a_commit_are_themselves(mill: Mill) -> None:
    await mill.listen()
    await mill.push()
    for text in ("%", "_", "\\"):
        assert await find_verdicts(mill.store.database, mill.plant.name, text) == []


# PutActionRevision


async def test_a_revision_starts_one_execution_with_it(mill: Mill) -> None:
    """A29, CP-054"""
    await mill.listen()
    commit = "a" * 40
    first = await mill.revision(commit)
    assert first["newRevision"] is True
    again = await mill.revision(commit)
    assert again == {**first, "newRevision": False}
    (run,) = await mill.runs()
    assert run["id"] == first["pipelineExecutionId"]
    assert run["cause"] == {"type": "PutActionRevision", "detail": ME}
    assert run["overrides"] == [{"action": "Fetch", "type": "COMMIT_ID", "value": commit}]
    assert (await mill.revision(commit, "2"))["newRevision"] is True


async def test_a_revision_of_an_object_is_a_version(mill: Mill) -> None:
    source = action("Fetch", "S3", category="Source", S3Bucket="b", S3ObjectKey="k")
    await mill.plant.create(stage("Source", source), stage("Ask", APPROVE), name="app")
    await mill.revision("v1")
    (run,) = await mill.runs()
    assert run["overrides"][0]["type"] == "S3_OBJECT_VERSION_ID"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"pipelineName": "none"}, "PipelineNotFoundException"),
        ({"stageName": "None"}, "StageNotFoundException"),
        ({"actionName": "None"}, "ActionNotFoundException"),
        ({"stageName": "Ask", "actionName": "Ask"}, "ValidationException"),
    ],
)
async def test_a_revision_is_of_a_source_action(
    mill: Mill, place: dict[str, str], code: str
) -> None:
    await mill.listen()
    with pytest.raises(AwsError) as caught:
        await mill.revision("a", **place)
    assert caught.value.code == code
    assert await mill.runs() == []
