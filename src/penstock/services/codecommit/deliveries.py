"""Triggers' messages on their way: to SNS or Lambda, whoever answers for these here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from penstock.errors import AwsError
from penstock.services.own_endpoint import AWAY, Client, Way, ask
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.facts import recall


async def deliver(store: Store, account: str, destination: str, message: Mapping[str, Any]) -> None:
    """Hands a message to a topic, or to a function, which runs later. Raises AwsError."""
    endpoint = await recall(store.database, "endpoint")
    if not endpoint:
        raise AwsError(AWAY, "no server has told its address yet", 503)
    root = Principal(account, f"arn:aws:iam::{account}:root", account)
    _, _, service, region, *_ = destination.split(":")
    send = partial(_publish if service == "sns" else _invoke, destination, json.dumps(message))
    await ask(store, root, Way(service, region, endpoint), send, "a trigger of a repository")


def _publish(topic: str, text: str, client: Client) -> None:
    client.publish(TopicArn=topic, Message=text)


def _invoke(function: str, text: str, client: Client) -> None:
    client.invoke(FunctionName=function, InvocationType="Event", Payload=text.encode())
