"""Who is to approve something is told of it by SNS (CP-063)."""

from __future__ import annotations

import json
import logging
from datetime import UTC
from typing import Any
from uuid import UUID

from penstock.actions.clients import Client, ask
from penstock.actions.contract import Start
from penstock.errors import AwsError
from penstock.flow.action_starts import read_start
from penstock.store import Store
from penstock.store.action_executions import find_actions

LOG = logging.getLogger("penstock.actions")


async def notify_approval(store: Store, action: UUID) -> None:
    """Publishes to the action's topic at this server's endpoint; a failure is only logged."""
    start = await read_start(store, action)
    row = (await find_actions(store.database, [action])).get(action)
    if start is None or row is None:
        return
    topic = start.configuration["NotificationArn"]
    message = json.dumps(notice(start, str(row.token)))
    subject = f"APPROVAL NEEDED: AWS CodePipeline {start.name.name} for action {start.action.name}"

    def publish(client: Client) -> None:
        client.publish(TopicArn=topic, Subject=subject[:100], Message=message)

    try:
        await ask(store, start, "sns", publish)
    except AwsError as error:
        LOG.warning("%s: nobody is told of the approval by %s: %s", action, topic, error)


def notice(start: Start, token: str) -> dict[str, Any]:
    """There is no page to approve on: both links lead to the server."""
    asked = start.configuration
    approval = {
        "pipelineName": start.name.name,
        "stageName": start.stage.name,
        "actionName": start.action.name,
        "token": token,
        "expires": f"{start.deadline.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
        "externalEntityLink": asked.get("ExternalEntityLink"),
        "approvalReviewLink": start.endpoint,
        "customData": asked.get("CustomData"),
    }
    return {"region": start.name.region, "consoleLink": start.endpoint, "approval": approval}
