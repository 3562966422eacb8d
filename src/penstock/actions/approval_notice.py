"""Who is to approve something is told of it by SNS (CP-063)."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from penstock.actions.contract import Start
from penstock.flow.action_sessions import session_of
from penstock.flow.action_starts import read_start
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key, revoke_key
from penstock.store.action_executions import find_actions

LOG = logging.getLogger("penstock.actions")
MINUTES = timedelta(minutes=5)  # for a key that is used once
TIMEOUT = 20  # seconds


async def notify_approval(store: Store, action: UUID) -> None:
    """Publishes to the action's topic at this server's endpoint; a failure is only logged."""
    start = await read_start(store, action)
    row = (await find_actions(store.database, [action])).get(action)
    if start is None or row is None:
        return
    topic = start.configuration["NotificationArn"]
    message = json.dumps(notice(start, str(row.token)))
    async with store.database.transaction() as connection:
        now = datetime.now(UTC)
        principal = session_of(start)
        key = await issue_key(
            connection, store.sealer, principal, now=now, expires=now + MINUTES,
            description=f"approval {action}",
        )  # fmt: skip
    try:
        await asyncio.to_thread(_publish, start, topic, message, key)
    except Exception as error:  # botocore's own, of many kinds
        LOG.warning("%s: nobody is told of the approval by %s: %s", action, topic, error)
    finally:
        async with store.database.transaction() as connection:
            await revoke_key(connection, key.access_key_id, datetime.now(UTC))


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


def _publish(start: Start, topic: str, message: str, key: IssuedKey) -> None:
    import botocore.session
    from botocore.config import Config

    client = botocore.session.Session().create_client(
        "sns",
        region_name=start.name.region,
        endpoint_url=start.endpoint,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        aws_session_token=key.session_token,
        config=Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, proxies={}),
    )
    subject = f"APPROVAL NEEDED: AWS CodePipeline {start.name.name} for action {start.action.name}"
    client.publish(TopicArn=topic, Subject=subject[:100], Message=message)
