"""Projects."""

from __future__ import annotations

from typing import Any

from penstock.services.codebuild.errors import (
    exists,
    limit_exceeded,
    project_not_found,
)
from penstock.services.codebuild.listings import page_of, paged
from penstock.services.codebuild.names import project_arn, project_name
from penstock.services.codebuild.project_defaults import completed, merged
from penstock.services.codebuild.project_rules import check_project
from penstock.services.codebuild.webhooks import shown_webhook
from penstock.services.codebuild.words import check_words
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import projects

MAX_PROJECTS = 5_000  # CB-184
BADGES = "/_penstock/badges/codebuild"


class Projects(Service):
    async def create_project(self, call: Call, request: Request) -> Answer:
        check_words("CreateProjectInput", request)
        arn = call.arn(f"project/{request['name']}")
        project = completed({**request, "arn": arn}, call.account, call.region)
        check_project(project, call.account, call.region)
        database = self.store.database
        if await projects.count_projects(database, call.account, call.region) >= MAX_PROJECTS:
            raise limit_exceeded(f"Cannot have more than {MAX_PROJECTS} projects for the account")
        row = await projects.insert_project(
            database, call.account, call.region, project, now=call.now
        )
        if row is None:
            raise exists(f"Project already exists: {arn}")
        return {"project": _shown(row, call)}

    async def update_project(self, call: Call, request: Request) -> Answer:
        check_words("UpdateProjectInput", request)
        name = project_name(call, request["name"])

        def change(project: dict[str, Any]) -> dict[str, Any]:
            asked = {**request, "name": name}
            after = completed(merged(project, asked), call.account, call.region)
            check_project(after, call.account, call.region)
            return after

        database = self.store.database
        if not await projects.change_project(
            database, call.account, call.region, name, change, now=call.now
        ):
            raise project_not_found(project_arn(call, request["name"]))
        found = await projects.find_projects(database, call.account, call.region, [name])
        if not found:
            raise project_not_found(project_arn(call, request["name"]))
        return {"project": _with_webhook(found[0], call)}

    async def delete_project(self, call: Call, request: Request) -> Answer:
        """Of an absent name too: AWS has no error for it."""
        name = project_name(call, request["name"])
        await projects.delete_project(self.store.database, call.account, call.region, name)
        return {}

    async def batch_get_projects(self, call: Call, request: Request) -> Answer:
        wanted = {project_name(call, given): given for given in request["names"]}
        rows = await projects.find_projects(
            self.store.database, call.account, call.region, list(wanted)
        )
        for row in rows:
            del wanted[row.name]
        return {
            "projects": [_with_webhook(row, call) for row in rows],
            "projectsNotFound": list(wanted.values()),
        }

    async def list_projects(self, call: Call, request: Request) -> Answer:
        check_words("ListProjectsInput", request)
        page, token = await page_of(self.store.database, "projects", call, request)
        return paged("projects", [row.name for row in page], token)

    async def invalidate_project_cache(self, call: Call, request: Request) -> Answer:
        name = project_name(call, request["projectName"])
        if not await projects.invalidate_cache(
            self.store.database, call.account, call.region, name
        ):
            raise project_not_found(project_arn(call, request["projectName"]))
        return {}


def _with_webhook(row: Any, call: Call) -> Answer:
    shown = _shown(row, call)
    if row.webhook_id is not None:
        shown["webhook"] = shown_webhook(
            row.webhook_id, row.webhook, row.secret_modified, call.endpoint
        )
    return shown


def _shown(row: Any, call: Call) -> Answer:
    shown: Answer = {**row.document, "created": row.created, "lastModified": row.modified}
    if row.document["badge"]["badgeEnabled"]:
        url = f"{call.endpoint}{BADGES}?uuid={row.badge}&branch=main"
        shown["badge"] = {"badgeEnabled": True, "badgeRequestUrl": url}
    return shown
