"""What is set on buckets and given back as it was: encryption, CORS, logging and the like."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.s3.access import own_bucket
from penstock.services.s3.attributes import with_key
from penstock.services.s3.refusals import invalid_request, malformed
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import Bucket, find_bucket, set_setting

_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_BY_DEFAULT = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
    "BucketKeyEnabled": False,
}


class Settings(Service):
    async def put_bucket_encryption(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        configuration = request["ServerSideEncryptionConfiguration"]
        defaults = _defaults(call, configuration)
        await set_setting(self.store.database, bucket, "encryption", configuration)
        await set_setting(self.store.database, bucket, "defaults", defaults)
        return {}

    async def get_bucket_encryption(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        configuration = bucket.settings.get("encryption") or {"Rules": [_BY_DEFAULT]}
        return {"ServerSideEncryptionConfiguration": configuration}

    async def delete_bucket_encryption(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "encryption", None)
        await set_setting(self.store.database, bucket, "defaults", None)
        return {}

    async def put_bucket_cors(self, call: Call, request: Request) -> Answer:
        rules = request["CORSConfiguration"]["CORSRules"]
        if not 1 <= len(rules) <= 100:
            raise malformed()
        for rule in rules:
            _check_cors(rule)
        return await self._put(call, request, "cors", {"CORSRules": rules})

    async def get_bucket_cors(self, call: Call, request: Request) -> Answer:
        return dict(await self._get(call, request, "cors", _NO_CORS))

    async def delete_bucket_cors(self, call: Call, request: Request) -> Answer:
        return await self._put(call, request, "cors", None)

    async def put_bucket_logging(self, call: Call, request: Request) -> Answer:
        status = request["BucketLoggingStatus"]
        if enabled := status.get("LoggingEnabled"):
            await self._check_target(call, enabled["TargetBucket"])
        return await self._put(call, request, "logging", status)

    async def get_bucket_logging(self, call: Call, request: Request) -> Answer:
        return dict(await self._get(call, request, "logging"))

    async def put_bucket_accelerate_configuration(self, call: Call, request: Request) -> Answer:
        configuration = request["AccelerateConfiguration"]
        if configuration.get("Status") not in ("Enabled", "Suspended"):
            raise malformed()
        if "." in request["Bucket"]:
            raise invalid_request(
                "S3 Transfer Acceleration is not supported for buckets with periods (.) in their"
                " names"
            )
        return await self._put(call, request, "accelerate", configuration)

    async def get_bucket_accelerate_configuration(self, call: Call, request: Request) -> Answer:
        return dict(await self._get(call, request, "accelerate"))

    async def put_bucket_request_payment(self, call: Call, request: Request) -> Answer:
        configuration = request["RequestPaymentConfiguration"]
        if configuration["Payer"] not in ("BucketOwner", "Requester"):
            raise malformed()
        return await self._put(call, request, "payment", configuration)

    async def get_bucket_request_payment(self, call: Call, request: Request) -> Answer:
        return {"Payer": "BucketOwner", **await self._get(call, request, "payment")}

    async def get_bucket_replication(self, call: Call, request: Request) -> Answer:
        return dict(await self._get(call, request, "replication", _NO_REPLICATION))

    async def get_object_lock_configuration(self, call: Call, request: Request) -> Answer:
        return dict(await self._get(call, request, "lock", _NO_LOCK))

    async def _put(self, call: Call, request: Request, kind: str, document: Any) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, kind, document)
        return {}

    async def _get(
        self, call: Call, request: Request, kind: str, absent: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """The document; where there is none an empty one, or the error."""
        bucket = await own_bucket(self.store, call, request)
        return setting(bucket, kind, absent)

    async def _check_target(self, call: Call, name: str) -> None:
        try:
            await find_bucket(self.store.database, name, call.account)
        except AwsError:
            raise AwsError(
                "InvalidTargetBucketForLogging",
                "The target bucket for logging does not exist",
                members={"TargetBucket": name},
            ) from None


def setting(bucket: Bucket, kind: str, absent: tuple[str, str] | None = None) -> dict[str, Any]:
    """A bucket's document of a kind; where there is none an empty one, or the error `absent`."""
    found: dict[str, Any] | None = bucket.settings.get(kind)
    if found is not None:
        return found
    if absent:
        code, message = absent
        raise AwsError(code, message, 404, {"BucketName": bucket.name})
    return {}


_NO_CORS = ("NoSuchCORSConfiguration", "The CORS configuration does not exist")
_NO_REPLICATION = (
    "ReplicationConfigurationNotFoundError",
    "The replication configuration was not found",
)
_NO_LOCK = (
    "ObjectLockConfigurationNotFoundError",
    "Object Lock configuration does not exist for this bucket",
)


def _defaults(call: Call, configuration: dict[str, Any]) -> dict[str, Any]:
    """The headers of objects put without a word on encryption. Raises AwsError."""
    rules = configuration["Rules"]
    if len(rules) != 1 or not rules[0].get("ApplyServerSideEncryptionByDefault"):
        raise malformed()
    chosen = rules[0]["ApplyServerSideEncryptionByDefault"]
    found: dict[str, Any] = {"ServerSideEncryption": chosen["SSEAlgorithm"]}
    if chosen.get("KMSMasterKeyID"):
        if chosen["SSEAlgorithm"] == "AES256":
            raise AwsError(
                "InvalidArgument",
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
            )
        found["SSEKMSKeyId"] = chosen["KMSMasterKeyID"]
    if rules[0].get("BucketKeyEnabled"):
        found["BucketKeyEnabled"] = True
    return with_key(call, found)


def _check_cors(rule: dict[str, Any]) -> None:
    for method in rule["AllowedMethods"]:
        if method not in _METHODS:
            raise invalid_request(
                "Found unsupported HTTP method in CORS config. Unsupported method is " + method
            )
    for name in ("AllowedOrigins", "AllowedHeaders"):
        for text in rule.get(name, ()):
            if text.count("*") > 1:
                raise invalid_request(f'{name[:-1]} "{text}" can not have more than one wildcard.')
