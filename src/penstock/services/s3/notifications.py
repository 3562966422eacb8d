"""Who is told of a bucket's objects: EventBridge, and so far nobody else."""

from __future__ import annotations

from penstock.errors import not_implemented
from penstock.services.s3.access import own_bucket
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import set_notification

_OTHERS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")


class Notifications(Service):
    async def put_bucket_notification_configuration(self, call: Call, request: Request) -> Answer:
        asked = request["NotificationConfiguration"]
        for member in _OTHERS:
            if asked.get(member):
                raise not_implemented(f"s3.PutBucketNotificationConfiguration {member}")
        bucket = await own_bucket(self.store, call, request)
        tells = asked.get("EventBridgeConfiguration") is not None
        document: Answer = {"EventBridgeConfiguration": {}} if tells else {}
        await set_notification(self.store.database, bucket, document, tells=tells)
        return {}

    async def get_bucket_notification_configuration(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return dict(bucket.settings.get("notification", {}))
