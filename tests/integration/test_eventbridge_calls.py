"""Targets that are called through the server: by the real SDK, answered by the sandbox."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from penstock.store.access_keys import IssuedKey
from penstock.worker.event_calls import MOST_CLIENTS, Place

from .post import ACCOUNT, REGION, Post, in_thread, post

__all__ = ["post"]
pytestmark = pytest.mark.anyio

SHOP = {"source": ["shop"]}
Client = Callable[[str], Any]


@pytest.fixture
async def client(post: Post) -> AsyncIterator[Client]:
    async with post.served() as client:
        yield client


class Queue:
    """An SQS queue of the sandbox."""

    def __init__(self, client: Client, name: str) -> None:
        self._sqs = client("sqs")
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        fifo = {"Attributes": attributes} if name.endswith(".fifo") else {}
        self._url = self._sqs.create_queue(QueueName=name, **fifo)["QueueUrl"]

    def messages(self) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        return list(answer.get("Messages", ()))


async def queue(client: Client, name: str) -> Queue:
    made: Queue = await in_thread(lambda: Queue(client, name))
    return made


async def test_a_queue_gets_the_event(post: Post, client: Client) -> None:
    """TG-098"""
    plain, fifo = await queue(client, "plain"), await queue(client, "ordered.fifo")
    await post.rule(
        "r", SHOP,
        {"Arn": plain.arn},
        {"Arn": fifo.arn, "SqsParameters": {"MessageGroupId": "g"}, "InputPath": "$.detail.n"},
    )  # fmt: skip
    name = await post.put(n=1)
    assert await post.work() == ["DELIVERED"] * 2
    (message,) = await in_thread(plain.messages)
    assert json.loads(message["Body"])["id"] == name
    (message,) = await in_thread(fifo.messages)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("1", "g")


async def test_a_topic_publishes_it(post: Post, client: Client) -> None:
    """TG-098"""
    heard = await queue(client, "heard")

    def subscribe() -> str:
        sns = client("sns")
        arn = str(sns.create_topic(Name="news")["TopicArn"])
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=heard.arn)
        return arn

    topic = await in_thread(subscribe)
    await post.rule("r", SHOP, {"Arn": topic, "Input": '{"told": true}'})
    await post.put(n=1)
    assert await post.work() == ["DELIVERED"]
    (message,) = await in_thread(heard.messages)
    assert json.loads(message["Body"])["Message"] == '{"told": true}'


async def test_a_state_machine_and_a_stream_are_started(post: Post, client: Client) -> None:
    def make() -> str:
        definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
        client("kinesis").create_stream(StreamName="s", ShardCount=1)
        made = client("stepfunctions").create_state_machine(
            name="m", definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/r"
        )
        return str(made["stateMachineArn"])

    machine = await in_thread(make)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    await post.rule("r", SHOP, {"Arn": machine}, {"Arn": stream})
    await post.put(n=1)
    assert await post.work() == ["DELIVERED"] * 2

    def look() -> tuple[Any, Any]:
        found = client("stepfunctions").list_executions(stateMachineArn=machine)
        kinesis = client("kinesis")
        shard = kinesis.describe_stream(StreamName="s")["StreamDescription"]["Shards"][0]
        iterator = kinesis.get_shard_iterator(
            StreamName="s", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return found["executions"], kinesis.get_records(ShardIterator=iterator)["Records"]

    executions, records = await in_thread(look)
    (first, _) = await post.deliveries()
    assert [one["name"] for one in executions] == [str(first.id)]
    assert [json.loads(one["Data"])["source"] for one in records] == ["shop"]


async def test_what_cannot_be_delivered_goes_to_the_dead_letters(
    post: Post, client: Client
) -> None:
    """TG-099"""
    dead = await queue(client, "dead")
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    await post.rule("r", SHOP, {"Arn": gone, "DeadLetterConfig": {"Arn": dead.arn}})
    name = await post.put(n=1)
    assert await post.work() == ["DEAD_LETTER", "FAILED"]
    (message,) = await in_thread(dead.messages)
    assert json.loads(message["Body"])["id"] == name
    attributes = {
        name: value["StringValue"] for name, value in message["MessageAttributes"].items()
    }
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes.pop("ERROR_CODE").endswith("NonExistentQueue")
    assert attributes == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r",
        "TARGET_ARN": gone,
        "RETRY_ATTEMPTS": "0",
    }
    assert await post.figures() == {
        "TriggeredRules": 1,
        "Invocations": 1,
        "FailedInvocations": 1,
        "InvocationsSentToDlq": 1,
    }


async def test_a_server_that_does_not_answer_is_asked_again(post: Post) -> None:
    """TG-099: until the retries are exhausted, which the dead letter says."""
    policy = {"MaximumRetryAttempts": 1}
    dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    target = {
        "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        "RetryPolicy": policy,
        "DeadLetterConfig": {"Arn": dead},
    }
    await post.rule("r", SHOP, target)
    await post.put(n=1)
    assert await post.work() == ["WAITING"]  # no server has told its endpoint
    async with post.served():
        pass  # and this one has gone again
    post.later(seconds=1)
    assert await post.work() == ["DEAD_LETTER", "DEAD_LETTER"]
    (row,) = await post.deliveries()
    assert (row.error["code"], row.error["exhausted"]) == (
        "ServiceUnavailable",
        "MaximumRetryAttempts",
    )
    async with post.served() as client:
        letters = await queue(client, "dead")
        post.later(seconds=1)
        assert await post.work() == ["FAILED"]
        (message,) = await in_thread(letters.messages)
    told = message["MessageAttributes"]
    assert told["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"
    assert told["RETRY_ATTEMPTS"]["StringValue"] == "1"


async def test_lost_dead_letters_are_told(post: Post, client: Client) -> None:
    """TG-099"""
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    await post.rule("r", SHOP, {"Arn": gone, "DeadLetterConfig": {"Arn": gone}})
    await post.put(n=1)
    assert await post.work() == ["DEAD_LETTER", "FAILED"]
    (row,) = await post.deliveries()
    assert "NonExistentQueue" in row.error["dead-letter"]
    assert (await post.figures())["InvocationsFailedToBeSentToDlq"] == 1


class Functions(ThreadingHTTPServer):
    """Whoever answers for Lambda elsewhere; `asked` is what it has been asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Function)
        self.asked: list[tuple[str, str, bytes]] = []


class _Function(BaseHTTPRequestHandler):
    server: Functions

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, self.headers["x-amz-invocation-type"], body))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


async def test_a_function_is_invoked(post: Post) -> None:
    """TG-098: with the event, and without waiting for what it says."""
    with Functions() as functions:
        Thread(target=functions.serve_forever).start()
        async with post.served({"lambda": f"http://127.0.0.1:{functions.server_port}"}):
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
            await post.rule("r", SHOP, {"Arn": arn, "InputPath": "$.detail"})
            await post.put(n=1)
            assert await post.work() == ["DELIVERED"]
        await in_thread(functions.shutdown)
    path = f"/2015-03-31/functions/{quote(arn)}/invocations"
    assert functions.asked == [(path, "Event", b'{"n":1}')]


async def test_clients_are_kept_for_the_places_called_last(post: Post) -> None:
    """Targets may be in any Region; a client takes a megabyte or more."""
    key = IssuedKey("AKIA", "secret", None)
    places = [Place("sqs", ACCOUNT, f"us-east-{number}") for number in range(MOST_CLIENTS + 3)]
    for place in places:
        first = post.calls._client(places[0], "http://127.0.0.1:1", key)
        post.calls._client(place, "http://127.0.0.1:1", key)
    assert len(post.calls._clients) == MOST_CLIENTS
    assert post.calls._client(places[0], "http://127.0.0.1:1", key) is first
