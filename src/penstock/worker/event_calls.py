"""Targets of events that are called as any client calls them: through the server's own endpoint, so
that whoever answers for the service there gets the event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from penstock.errors import AwsError
from penstock.services.own_endpoint import AWAY, Client, Way, make_client, told_as_aws_does
from penstock.services.sts import assumed_role
from penstock.store import Store
from penstock.store.access_keys import IssuedKey, issue_key
from penstock.store.facts import recall

LASTS = timedelta(hours=1)
"""How long a key is good; a new one is issued when half of it is over."""
MOST_CLIENTS = 32  # kept; each takes a megabyte or more, and targets may be in any Region


class Place(NamedTuple):
    """Where a call goes."""

    service: str
    account: str
    region: str


class Calls:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, tuple[IssuedKey, datetime]] = {}
        self._clients: dict[tuple[Place, str, str], Client] = {}
        self._making = Lock()

    async def send(self, row: Any) -> None:
        """Calls a delivery's target. Raises AwsError."""
        place = _place(row.target["Arn"])
        call = _CALLS.get(place.service)
        if call is None:
            raise AwsError("NotImplemented", f"not implemented: targets of {place.service}", 501)
        await self._call(place, lambda client: call(client, row))

    async def bury(self, row: Any) -> None:
        """Sends what cannot be delivered to the target's queue of dead letters. Raises AwsError."""
        queue = row.target["DeadLetterConfig"]["Arn"]
        await self._call(_place(queue), lambda client: _bury(client, queue, row))

    async def _call(self, place: Place, call: Callable[[Client], object]) -> None:
        endpoint = await recall(self._store.database, "endpoint")
        if not endpoint:
            raise AwsError(AWAY, "no server has told its endpoint yet", 503)
        key = await self._key(place.account)
        await asyncio.to_thread(self._call_now, place, endpoint, key, call)

    def _call_now(
        self, place: Place, endpoint: str, key: IssuedKey, call: Callable[[Client], object]
    ) -> None:
        with told_as_aws_does():
            call(self._client(place, endpoint, key))

    async def _key(self, account: str) -> IssuedKey:
        """A key of EventBridge's own in an account."""
        now = datetime.now(UTC)
        known = self._keys.get(account)
        if known is None or known[1] < now + LASTS / 2:
            role = f"arn:aws:iam::{account}:role/aws-service-role/events.amazonaws.com/EventBridge"
            async with self._store.database.transaction() as connection:
                key = await issue_key(
                    connection,
                    self._store.sealer,
                    assumed_role(role, "deliveries"),
                    now=now,
                    expires=now + LASTS,
                    description="deliveries of events",
                )
            known = self._keys[account] = (key, now + LASTS)
        return known[0]

    def _client(self, place: Place, endpoint: str, key: IssuedKey) -> Client:
        """One for each place, as clients take long to make; older ones with other keys go."""
        made = (place, endpoint, key.access_key_id)
        with self._making:
            if made not in self._clients:
                for old in [old for old in self._clients if old[0] == place]:
                    del self._clients[old]
                self._clients[made] = make_client(
                    self._session, Way(place.service, place.region, endpoint), key
                )
            self._clients[made] = self._clients.pop(made)  # the last to go
            while len(self._clients) > MOST_CLIENTS:
                del self._clients[next(iter(self._clients))]
            return self._clients[made]

    @cached_property
    def _session(self) -> Any:
        """What has read services' models; it makes one client at a time."""
        import botocore.session

        return botocore.session.Session()


def _place(arn: str) -> Place:
    _, _, service, region, account, _ = arn.split(":", 5)
    return Place(_CLIENTS.get(service, service), account, region)


def _publish(client: Client, row: Any) -> object:
    return client.publish(TopicArn=row.target["Arn"], Message=row.input)


def _invoke(client: Client, row: Any) -> object:
    return client.invoke(
        FunctionName=row.target["Arn"], InvocationType="Event", Payload=row.input.encode()
    )


def _send_message(client: Client, row: Any) -> object:
    return client.send_message(
        QueueUrl=_queue(client, row.target["Arn"]),
        MessageBody=row.input,
        **row.target.get("SqsParameters", {}),
    )


def _start_execution(client: Client, row: Any) -> object:
    return client.start_execution(
        stateMachineArn=row.target["Arn"], name=str(row.id), input=row.input
    )


def _put_stream_record(client: Client, row: Any) -> object:
    stream = row.target["Arn"].rpartition("/")[2]
    data, key = row.input.encode(), str(row.event_id)
    return client.put_record(StreamName=stream, Data=data, PartitionKey=key)


def _put_firehose_record(client: Client, row: Any) -> object:
    stream = row.target["Arn"].rpartition("/")[2]
    return client.put_record(DeliveryStreamName=stream, Record={"Data": row.input.encode()})


def _bury(client: Client, queue: str, row: Any) -> object:
    """TG-099: the input, and in attributes why it comes here."""
    error: Mapping[str, str] = row.error
    attributes = {
        "RULE_ARN": row.rule_arn,
        "TARGET_ARN": row.target["Arn"],
        "ERROR_CODE": error["code"],
        "ERROR_MESSAGE": error["message"],
        "RETRY_ATTEMPTS": error["retries"],
        "EXHAUSTED_RETRY_CONDITION": error.get("exhausted"),
    }
    return client.send_message(
        QueueUrl=_queue(client, queue),
        MessageBody=row.input,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        },
    )


def _queue(client: Client, arn: str) -> str:
    _, _, _, _, account, name = arn.split(":", 5)
    found = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    return str(found["QueueUrl"])


_CLIENTS = {"states": "stepfunctions"}
"""What botocore calls services whose ARNs call them something else."""
_CALLS: Mapping[str, Callable[[Client, Any], object]] = {
    "firehose": _put_firehose_record,
    "kinesis": _put_stream_record,
    "lambda": _invoke,
    "sns": _publish,
    "sqs": _send_message,
    "stepfunctions": _start_execution,
}
