"""SNS in the sandbox: topics, who subscribes to them, and who may publish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone
from penstock.resources.sandboxed import Sandboxed, changed, needed, plain_list
from penstock.resources.shaping import check_names, request_of
from penstock.resources.tags import as_list, tag_change, tags_of

_ATTRIBUTES = (
    "ArchivePolicy", "ContentBasedDeduplication", "DisplayName", "FifoThroughputScope",
    "KmsMasterKeyId", "SignatureVersion", "TracingConfig",
)  # fmt: skip
_TOPIC = (
    *_ATTRIBUTES, "DataProtectionPolicy", "DeliveryStatusLogging", "FifoTopic",
    "MaximumMessageSize", "Subscription", "Tags", "TopicName",
)  # fmt: skip
_SUBSCRIPTION = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy",
    "ReplayPolicy", "SubscriptionRoleArn",
)  # fmt: skip


class Topic(Sandboxed):
    async def make(self, job: Job) -> str:
        check_names(job.properties, _TOPIC)
        fifo = _text(job.properties.get("FifoTopic", "false")) == "true"
        made = job.name(251) + ".fifo" if fifo else job.name(256)
        name = str(job.properties.get("TopicName") or made)
        attributes = _attributes(job.properties) | ({"FifoTopic": "true"} if fifo else {})
        tags = as_list(tags_of(job))
        asked = {"Name": name, "Attributes": attributes, "Tags": tags}
        return str((await job.cloud.ask("sns", "CreateTopic", **asked))["TopicArn"])

    async def change(self, job: Job) -> None:
        check_names(job.properties, _TOPIC)
        now, before = _attributes(job.properties), _attributes(job.previous)
        for name in sorted(now.keys() | before.keys()):
            if now.get(name) != before.get(name):
                value = now.get(name, "")
                await _set_topic(job, job.physical_id, name, value)
        change = tag_change(job)
        if change.gone:
            asked = {"ResourceArn": job.physical_id, "TagKeys": change.gone}
            await job.cloud.ask("sns", "UntagResource", **asked)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("sns", "TagResource", ResourceArn=job.physical_id, Tags=tags)

    async def complete(self, job: Job, physical_id: str) -> None:
        """A subscription that its topic names has no id of its own; the endpoint tells it."""
        wanted, before = _subscriptions(job.properties), _subscriptions(job.previous)
        for protocol, endpoint in wanted:
            asked = {"TopicArn": physical_id, "Protocol": protocol, "Endpoint": endpoint}
            await job.cloud.ask("sns", "Subscribe", **asked)
        dropped = [each for each in before if each not in wanted]
        if not dropped:
            return
        asked = {"TopicArn": physical_id}
        found = (await job.cloud.ask("sns", "ListSubscriptionsByTopic", **asked))["Subscriptions"]
        for each in found:
            if (each["Protocol"], each["Endpoint"]) in dropped:
                asked = {"SubscriptionArn": each["SubscriptionArn"]}
                await unless_gone(job.cloud.ask("sns", "Unsubscribe", **asked))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"TopicArn": physical_id, "TopicName": physical_id.rpartition(":")[2]}

    async def remove(self, job: Job) -> None:
        asked = {"TopicArn": job.physical_id}
        found = await job.cloud.ask("sns", "ListSubscriptionsByTopic", **asked)
        for each in found["Subscriptions"]:
            arn = each["SubscriptionArn"]
            await unless_gone(job.cloud.ask("sns", "Unsubscribe", SubscriptionArn=arn))
        await job.cloud.ask("sns", "DeleteTopic", **asked)


class Subscription(Sandboxed):
    async def make(self, job: Job) -> str:
        apart = (*_SUBSCRIPTION, "Region")
        needed(job.properties, "Protocol", "TopicArn")
        which = ("Endpoint", "Protocol", "TopicArn")
        asked = request_of("sns", "SubscribeInput", job.properties, which, apart)
        given = {
            name: _text(job.properties[name]) for name in _SUBSCRIPTION if name in job.properties
        }
        made = await job.cloud.ask(
            "sns", "Subscribe", **asked, Attributes=given, ReturnSubscriptionArn=True
        )
        return str(made["SubscriptionArn"])

    async def change(self, job: Job) -> None:
        check_names(job.properties, (*_SUBSCRIPTION, "Endpoint", "Protocol", "Region", "TopicArn"))
        for name in _SUBSCRIPTION:
            if changed(job, name):
                value = job.properties.get(name, _DEFAULTS.get(name, {}))
                asked = {"AttributeName": name, "AttributeValue": _text(value)}
                arn = job.physical_id
                operation = "SetSubscriptionAttributes"
                await job.cloud.ask("sns", operation, SubscriptionArn=arn, **asked)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Arn": physical_id}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("sns", "Unsubscribe", SubscriptionArn=job.physical_id)


_DEFAULTS = {"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}


class TopicPolicy(Sandboxed):
    """One policy for each of its topics. Without it a topic has the policy it was made with."""

    async def make(self, job: Job) -> str:
        check_names(job.properties, ("PolicyDocument", "Topics"))
        needed(job.properties, "PolicyDocument", "Topics")
        return job.name()

    async def complete(self, job: Job, physical_id: str) -> None:
        topics = plain_list(job.properties["Topics"])
        for topic in topics:
            await _set_topic(job, str(topic), "Policy", _text(job.properties["PolicyDocument"]))
        for topic in plain_list(job.previous.get("Topics")):
            if topic not in topics:
                await _take_policy(job, str(topic))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Id": physical_id}

    async def remove(self, job: Job) -> None:
        for topic in plain_list(job.properties.get("Topics")):
            await _take_policy(job, str(topic))


class TopicInlinePolicy(Sandboxed):
    async def make(self, job: Job) -> str:
        check_names(job.properties, ("PolicyDocument", "TopicArn"))
        needed(job.properties, "PolicyDocument", "TopicArn")
        return str(job.properties["TopicArn"])

    async def complete(self, job: Job, physical_id: str) -> None:
        await _set_topic(job, physical_id, "Policy", _text(job.properties["PolicyDocument"]))

    async def remove(self, job: Job) -> None:
        await _take_policy(job, job.physical_id)


async def _set_topic(job: Job, arn: str, name: str, value: str) -> None:
    asked = {"TopicArn": arn, "AttributeName": name, "AttributeValue": value}
    await job.cloud.ask("sns", "SetTopicAttributes", **asked)


async def _take_policy(job: Job, arn: str) -> None:
    """Gives a topic the policy that topics have: whoever is of its account may use it."""
    owner = {"StringEquals": {"AWS:SourceOwner": job.stack.account}}
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in _OWN],
        "Resource": arn,
        "Condition": owner,
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    await unless_gone(_set_topic(job, arn, "Policy", _text(policy)))


_OWN = (
    "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
    "Subscribe", "ListSubscriptionsByTopic", "Publish",
)  # fmt: skip


def _attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    """A topic's properties that are attributes; SNS has one for each member of a logging."""
    found = {name: _text(properties[name]) for name in _ATTRIBUTES if name in properties}
    if (size := properties.get("MaximumMessageSize")) is not None:
        found["MaximumMessageSize"] = _text(size)
    if (policy := properties.get("DataProtectionPolicy")) is not None:
        found["DataProtectionPolicy"] = _text(policy)
    for logging in plain_list(properties.get("DeliveryStatusLogging")):
        protocol = _PROTOCOLS.get(str(logging.get("Protocol")), str(logging.get("Protocol")))
        for name, value in logging.items():
            if name != "Protocol":
                found[protocol + name] = _text(value)
    return found


_PROTOCOLS = {"http/s": "HTTP", "sqs": "SQS", "lambda": "Lambda", "firehose": "Firehose",
              "application": "Application"}  # fmt: skip


def _subscriptions(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for each in plain_list(properties.get("Subscription")):
        check_names(each, ("Endpoint", "Protocol"))
        needed(each, "Endpoint", "Protocol")
        found.append((str(each["Protocol"]), str(each["Endpoint"])))
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


HANDLERS: Mapping[str, Handler] = {
    "AWS::SNS::Subscription": Subscription(),
    "AWS::SNS::Topic": Topic(),
    "AWS::SNS::TopicInlinePolicy": TopicInlinePolicy(),
    "AWS::SNS::TopicPolicy": TopicPolicy(),
}
