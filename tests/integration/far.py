"""A repository elsewhere, behind a connection, and pipelines that listen to it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from penstock.flow.actions import QUEUE
from penstock.server import make_app
from penstock.services import make_service
from penstock.services.codeconnections.deliveries import HEAR, PATH
from penstock.settings import Settings
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.connections_to_git import PLACES, WEBHOOK_SECRETS
from penstock.store.facts import tell
from penstock.worker.git_changes import hear_git_change
from penstock.worker.polling import poll

from .asgi import post
from .plant import APPROVE, Plant, action, stage
from .repositories import commit, git, write

SECRET = "mill-stone"


def push_trigger(*filters: dict[str, Any], action: str = "Fetch") -> dict[str, Any]:
    return _trigger(action, push=list(filters))


def pull_request_trigger(*filters: dict[str, Any], action: str = "Fetch") -> dict[str, Any]:
    return _trigger(action, pullRequest=list(filters))


def _trigger(action: str, **filters: Any) -> dict[str, Any]:
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": action, **filters},
    }


class Far:
    """The repository ada/app, and its working tree `tree`; the connection's ARN is `arn`."""

    def __init__(self, store: Store, folder: Path, call_of: Callable[..., Call]) -> None:
        self.store = store
        self.plant = Plant(store)
        self.places = folder / "far"
        self.bare = self.places / "ada" / "app.git"
        self.tree = folder / "tree"
        self.arn = ""
        self.app = make_app(store, Settings())
        self._call_of = call_of

    async def make(self) -> None:
        self.bare.mkdir(parents=True)
        git(self.bare, "init", "-q", "--bare", "--initial-branch=main")
        self.tree.mkdir()
        git(self.tree, "init", "-q", "--initial-branch=main")
        git(self.tree, "remote", "add", "origin", str(self.bare))
        self.push("main", readme="one")
        await self.plant.bucket("artifacts", versioned=True)
        async with self.store.database.transaction() as connection:
            await tell(connection, PLACES, {"GitHub": f"{self.places}/{{repository}}.git"})
            await tell(connection, WEBHOOK_SECRETS, {"GitHub": "hooks"})
        await self.ask("secretsmanager", "CreateSecret", Name="hooks", SecretString=SECRET)
        self.arn = await self.connect("GitHub")

    async def connect(self, provider: str) -> str:
        made = await self.ask(
            "codeconnections", "CreateConnection", ConnectionName="hub", ProviderType=provider
        )
        arn: str = made["ConnectionArn"]
        return arn

    async def ask(self, service: str, operation: str, **request: Any) -> Any:
        handler = make_service(service, self.store).handler(operation)
        return await handler(self._call_of(service, operation, now=self.plant.now), request)

    def push(self, branch: str = "main", **files: str) -> str:
        """Commits files and pushes them; the commit."""
        if branch != git(self.tree, "symbolic-ref", "--short", "HEAD"):
            git(self.tree, "checkout", "-q", "-B", branch)
        write(self.tree, **files)
        made = commit(self.tree)
        git(self.tree, "push", "-qf", "origin", branch)
        return made

    def source(self, name: str = "Fetch", **configuration: str) -> dict[str, Any]:
        asked: Any = {
            "ConnectionArn": self.arn, "FullRepositoryId": "ada/app", "BranchName": "main",
            **configuration,
        }  # fmt: skip
        return action(name, "CodeStarSourceConnection", category="Source", outputs=(name,), **asked)

    async def pipeline(self, *triggers: dict[str, Any], name: str = "app", **source: str) -> None:
        members: Any = {"triggers": list(triggers)} if triggers else {}
        stages = (stage("Source", self.source(**source)), stage("Ask", APPROVE))
        await self.plant.create(*stages, name=name, **members)

    # What happens

    async def poll(self, **more: Any) -> int:
        return await poll(self.store, self.plant.tick(timedelta(minutes=1)), **more)

    async def deliver(
        self, event: str, payload: Any, delivery: str = "d-1", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        body = json.dumps(payload).encode()
        signature = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        told = {
            "x_github_event": event,
            "x_github_delivery": delivery,
            "x_hub_signature_256": f"sha256={signature}",
            **headers,
        }
        return await post(self.app, PATH + self.arn.rpartition("/")[2], body, **told)

    async def look_for_files(self) -> int:
        """Does the jobs of deliveries whose files are not known yet; how many."""
        rows = await self.store.database.fetch(
            "SELECT id, args FROM procrastinate_jobs WHERE task_name = %s AND queue_name = %s"
            " AND status = 'todo'",
            (HEAR, QUEUE),
        )
        for row in rows:
            for _ in range(2):  # as a worker that was killed would
                await hear_git_change(self.store, row.args, self.plant.tick())
            await self.store.database.execute(
                "DELETE FROM procrastinate_jobs WHERE id = %s", (row.id,)
            )
        return len(rows)

    async def _runs(self) -> list[Any]:
        rows = await self.store.database.fetch(
            "SELECT run FROM pipeline_executions ORDER BY pipeline, number"
        )
        return [row.run for row in rows]

    async def causes(self) -> list[str]:
        return [run["cause"]["type"] for run in await self._runs()]

    async def asked(self) -> list[str]:
        """The commits that executions were asked to fetch."""
        return [one["value"] for run in await self._runs() for one in run.get("overrides", ())]

    async def reasons(self) -> list[tuple[str, str]]:
        """Of each verdict the change and the last of its reasons."""
        rows = await self.store.database.fetch(
            "SELECT change, reasons FROM trigger_verdicts ORDER BY id"
        )
        return [(row.change, row.reasons[-1]) for row in rows]


def pushed(ref: str, before: str, after: str, *paths: str, **members: Any) -> dict[str, Any]:
    """GitHub's payload of a push; of a new branch without `before`."""
    return {
        "ref": ref, "before": before or "0" * 40, "after": after,
        "created": not before, "deleted": False, "forced": False,
        "commits": [{"id": after, "added": [], "modified": list(paths), "removed": []}],
        "head_commit": {"id": after},
        "repository": {"full_name": "ada/app"},
        **members,
    }  # fmt: skip


def requested(action: str, base: str, head: str, **members: Any) -> dict[str, Any]:
    """GitHub's payload of a pull request from fix into main."""
    return {
        "action": action, "number": 7,
        "pull_request": {"base": {"ref": "main", "sha": base}, "head": {"ref": "fix", "sha": head}},
        "repository": {"full_name": "ada/app"},
        **members,
    }  # fmt: skip
