"""Webhooks of projects.

Penstock makes none at GitHub: every one is what AWS calls manualCreation, and its payloadUrl and
secret, shown once, are for the repository's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from penstock.documents.filter_groups import FilterType, WebhookEvent, read_filter_groups
from penstock.errors import not_implemented
from penstock.services.codebuild.errors import exists, not_found, project_not_found, require
from penstock.services.codebuild.names import project_arn, project_name
from penstock.services.codebuild.words import check_words
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import webhooks
from penstock.store.projects import find_project

PATH = "/_penstock/webhooks/codebuild/"
_GITHUB = ("GITHUB", "GITHUB_ENTERPRISE")
_OTHERS = ("BITBUCKET", "GITLAB", "GITLAB_SELF_MANAGED")
_SETTINGS = ("branchFilter", "filterGroups", "buildType")
_UNTOLD = (FilterType.FILE_PATH, FilterType.COMMIT_MESSAGE)


class Webhooks(Service):
    async def create_webhook(self, call: Call, request: Request) -> Answer:
        check_words("CreateWebhookInput", request)
        name = project_name(call, request["projectName"])
        project = await find_project(self.store.database, call.account, call.region, name)
        if project is None:
            raise project_not_found(project_arn(call, name))
        check_settings(request, project.document["source"]["type"])
        document = {
            "buildType": "BUILD",
            **{member: request[member] for member in _SETTINGS if request.get(member)},
            "manualCreation": request.get("manualCreation", False),
            "status": "ACTIVE",
        }
        hook_id, secret = token_urlsafe(24), token_urlsafe(32)
        if not await webhooks.insert_webhook(
            self.store.database,
            call.account,
            call.region,
            name,
            hook_id=hook_id,
            document=document,
            secret=self._sealed(hook_id, secret),
            now=call.now,
        ):
            raise exists(f"Webhook already exists for project: {project_arn(call, name)}")
        shown = shown_webhook(hook_id, document, call.now, call.endpoint)
        return {"webhook": {**shown, "secret": secret}}

    async def update_webhook(self, call: Call, request: Request) -> Answer:
        """Filter groups replace a branch filter, and the other way round; omitted ones stay."""
        check_words("UpdateWebhookInput", request)
        name = project_name(call, request["projectName"])
        project = await find_project(self.store.database, call.account, call.region, name)
        if project is None:
            raise project_not_found(project_arn(call, name))
        check_settings(request, project.document["source"]["type"])
        async with self.store.database.transaction() as connection:
            row = await webhooks.lock_webhook(connection, call.account, call.region, name)
            if row is None:
                raise _webhook_not_found(call, name)
            document = _updated(row.document, request)
            await webhooks.change_webhook(connection, row.id, document)
            if not request.get("rotateSecret"):
                shown = shown_webhook(row.id, document, row.secret_modified, call.endpoint)
                return {"webhook": shown}
            secret = token_urlsafe(32)
            await webhooks.rotate_secret(connection, row.id, self._sealed(row.id, secret), call.now)
        shown = shown_webhook(row.id, document, call.now, call.endpoint)
        return {"webhook": {**shown, "secret": secret}}

    async def delete_webhook(self, call: Call, request: Request) -> Answer:
        name = project_name(call, request["projectName"])
        if not await webhooks.delete_webhook(self.store.database, call.account, call.region, name):
            raise _webhook_not_found(call, name)
        return {}

    def _sealed(self, hook_id: str, secret: str) -> bytes:
        return self.store.sealer.seal(secret.encode(), webhooks.secret_about(hook_id))


def shown_webhook(
    hook_id: str, document: Mapping[str, Any], secret_modified: datetime, endpoint: str
) -> Answer:
    """The API's Webhook; its secret is shown only where it is made."""
    return {
        **document,
        "payloadUrl": f"{endpoint}{PATH}{hook_id}",
        "lastModifiedSecret": secret_modified,
    }


def check_settings(request: Mapping[str, Any], source_type: str) -> None:
    """Raises InvalidInputException, NotImplemented."""
    if source_type in _OTHERS:
        raise not_implemented(f"CodeBuild.CreateWebhook for {source_type}")
    require(source_type in _GITHUB, f"Webhooks are not supported for source type {source_type}")
    require(
        not (request.get("branchFilter") and request.get("filterGroups")),
        "Invalid input: branchFilter and filterGroups cannot be used together",
    )
    found = read_filter_groups(request.get("filterGroups", ()))
    require(not found.problems, "; ".join(found.problems))
    for group in found.groups:
        if WebhookEvent.WORKFLOW_JOB_QUEUED in group.passing:
            raise not_implemented("CodeBuild.WebhookFilter EVENT WORKFLOW_JOB_QUEUED")
        untold = [one.type for one in group.patterns if one.type in _UNTOLD]
        if untold and any(event.of_pull_request for event in group.passing):
            # AWS asks GitHub for them; the payload of a pull request has neither.
            raise not_implemented(f"CodeBuild.WebhookFilter {untold[0]} of pull requests")
    _check_absent(request)


def _check_absent(request: Mapping[str, Any]) -> None:
    if request.get("scopeConfiguration"):
        raise not_implemented("CodeBuild.Webhook.scopeConfiguration")
    if request.get("buildType") == "RUNNER_BUILDKITE_BUILD":
        raise not_implemented("CodeBuild.Webhook.buildType RUNNER_BUILDKITE_BUILD")
    policy = request.get("pullRequestBuildPolicy", {})
    if policy.get("requiresCommentApproval", "DISABLED") != "DISABLED":
        raise not_implemented("CodeBuild.Webhook.pullRequestBuildPolicy")


def _updated(document: Mapping[str, Any], request: Request) -> dict[str, Any]:
    given = {member: request[member] for member in _SETTINGS if member in request}
    after = {**document, **given}
    if given.get("filterGroups"):
        after.pop("branchFilter", None)
    if given.get("branchFilter"):
        after.pop("filterGroups", None)
    return {member: value for member, value in after.items() if value not in ("", [])}


def _webhook_not_found(call: Call, project: str) -> Exception:
    return not_found(f"Webhook cannot be found for project: {project_arn(call, project)}")
