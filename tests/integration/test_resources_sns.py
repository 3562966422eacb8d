"""SNS's types, in the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.errors import AwsError

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio

TOPIC = "AWS::SNS::Topic"
ARN = "arn:aws:sns:us-east-1:000000000000:releases"
MAIL = {"Protocol": "email", "Endpoint": "team@example.com"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codestar-notifications.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": ARN,
        }
    ],
}


async def subscribed(sandbox: SandboxBench) -> list[tuple[str, str]]:
    found = await sandbox.ask("sns", "ListSubscriptionsByTopic", TopicArn=ARN)
    return sorted((each["Protocol"], each["Endpoint"]) for each in found["Subscriptions"])


async def attributes_of(sandbox: SandboxBench) -> dict[str, str]:
    found = await sandbox.ask("sns", "GetTopicAttributes", TopicArn=ARN)
    attributes: dict[str, str] = found["Attributes"]
    return attributes


async def test_a_topic_with_subscriptions_is_made_changed_and_deleted(
    sandbox: SandboxBench,
) -> None:
    other = {"Protocol": "https", "Endpoint": "https://example.com/hook"}
    given: dict[str, Any] = {"TopicName": "releases", "DisplayName": "Releases"}
    made = await sandbox.made("Releases", TOPIC, {**given, "Subscription": [MAIL]})
    assert made.physical_id == ARN
    assert made.attributes == {"TopicArn": ARN, "TopicName": "releases"}
    assert (await attributes_of(sandbox))["DisplayName"] == "Releases"
    tags = await sandbox.ask("sns", "ListTagsForResource", ResourceArn=ARN)
    assert tags["Tags"] == [{"Key": "team", "Value": "web"}]

    await sandbox.update("Releases", {**given, "DisplayName": "New", "Subscription": [other]})
    assert (await attributes_of(sandbox))["DisplayName"] == "New"
    assert await subscribed(sandbox) == [("https", "https://example.com/hook")]

    await sandbox.delete("Releases")
    with pytest.raises(AwsError, match="NotFound"):
        await attributes_of(sandbox)
    assert (await sandbox.ask("sns", "ListSubscriptions"))["Subscriptions"] == []


async def test_a_topic_of_somebody_else_is_not_taken(sandbox: SandboxBench) -> None:
    await sandbox.made("Releases", TOPIC, {"TopicName": "releases"})
    told = await sandbox.refused("Releases", TOPIC, {"TopicName": "releases"})
    assert "'releases' already exists" in told
    again = await sandbox.made("Releases", TOPIC, {"TopicName": "releases"}, again=True)
    assert again.physical_id == ARN


async def test_names_of_fifo_topics_end_as_they_must(sandbox: SandboxBench) -> None:
    made = await sandbox.made("Releases", TOPIC, {"FifoTopic": True})
    assert made.attributes["TopicName"].startswith("shop-Releases-")
    assert made.attributes["TopicName"].endswith(".fifo")


async def test_a_subscription_is_made_changed_and_deleted(sandbox: SandboxBench) -> None:
    await sandbox.made("Releases", TOPIC, {"TopicName": "releases"})
    given = {**MAIL, "TopicArn": ARN, "FilterPolicy": {"kind": ["a"]}}
    made = await sandbox.made("Mail", "AWS::SNS::Subscription", given)
    assert made.physical_id.startswith(f"{ARN}:")
    await sandbox.update("Mail", {**given, "FilterPolicy": {"kind": ["b"]}})
    found = await sandbox.ask("sns", "GetSubscriptionAttributes", SubscriptionArn=made.physical_id)
    assert json.loads(found["Attributes"]["FilterPolicy"]) == {"kind": ["b"]}
    await sandbox.delete("Mail")
    assert await subscribed(sandbox) == []


async def test_policies_of_topics_come_and_go(sandbox: SandboxBench) -> None:
    await sandbox.made("Releases", TOPIC, {"TopicName": "releases"})
    given = {"Topics": [ARN], "PolicyDocument": POLICY}
    made = await sandbox.made("Policy", "AWS::SNS::TopicPolicy", given)
    assert made.attributes == {"Id": made.physical_id}
    assert json.loads((await attributes_of(sandbox))["Policy"]) == POLICY
    await sandbox.delete("Policy")
    policy = json.loads((await attributes_of(sandbox))["Policy"])
    assert policy["Id"] == "__default_policy_ID"

    inline = {"TopicArn": ARN, "PolicyDocument": POLICY}
    assert (await sandbox.made("In", "AWS::SNS::TopicInlinePolicy", inline)).physical_id == ARN
    assert json.loads((await attributes_of(sandbox))["Policy"]) == POLICY
    await sandbox.delete("In")
    assert json.loads((await attributes_of(sandbox))["Policy"]) == policy
    await sandbox.delete("Releases")
    await sandbox.delete("In")
