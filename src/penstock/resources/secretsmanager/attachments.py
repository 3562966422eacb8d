"""Secrets that are told of the database they open: where it is, and what kind it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.errors import AwsError, not_implemented
from penstock.resources.contract import Answer, Job, Kind, Made, Outcome
from penstock.resources.existence import unless_gone
from penstock.resources.shaping import check_names

ABSENT = "ResourceNotFoundException"
_NAMES = ("SecretId", "TargetId", "TargetType")


class Target(NamedTuple):
    """How a kind of databases is described, and what of that a secret is told."""

    operation: str
    identifier: str
    list: str
    key: str
    absent: str


TARGETS = {
    "AWS::RDS::DBInstance": Target(
        "DescribeDBInstances",
        "DBInstanceIdentifier",
        "DBInstances",
        "dbInstanceIdentifier",
        "DBInstanceNotFound",
    ),
    "AWS::RDS::DBCluster": Target(
        "DescribeDBClusters",
        "DBClusterIdentifier",
        "DBClusters",
        "dbClusterIdentifier",
        "DBClusterNotFoundFault",
    ),
}


class SecretTargetAttachment:
    """Where the database is only recorded there is nothing to tell, and this is recorded too."""

    async def create(self, job: Job) -> Outcome:
        return await self._attach(job, {})

    async def update(self, job: Job) -> Outcome:
        return await self._attach(job, _nothing(job.previous))

    async def delete(self, job: Job) -> Outcome:
        secret = job.physical_id
        asked = {"SecretId": secret}
        found = await unless_gone(
            job.cloud.ask("secretsmanager", "GetSecretValue", **asked),
            ABSENT,
            "InvalidRequestException",
        )
        if found is not None:
            await self._tell(job, secret, found, _nothing(job.properties))
        return Made(secret)

    async def _attach(self, job: Job, told: Mapping[str, Any]) -> Outcome:
        check_names(job.properties, _NAMES)
        secret = str(job.properties.get("SecretId", ""))
        about = await self._describe(job)
        found = await job.cloud.ask("secretsmanager", "GetSecretValue", SecretId=secret)
        arn = str(found["ARN"])
        if about is None:
            return Made(arn, {"Id": arn}, Kind.RECORDED)
        await self._tell(job, secret, found, {**told, **about})
        return Made(arn, {"Id": arn})

    async def _describe(self, job: Job) -> Mapping[str, Any] | None:
        kind, name = (str(job.properties.get(key, "")) for key in ("TargetType", "TargetId"))
        target = TARGETS.get(kind)
        if target is None:
            raise not_implemented(f"AWS::SecretsManager::SecretTargetAttachment of {kind}")
        looking = job.cloud.ask("rds", target.operation, **{target.identifier: name})
        answer = await unless_gone(looking, target.absent)
        if not answer or not answer.get(target.list):
            return None
        return _told(answer[target.list][0], target, name)

    async def _tell(self, job: Job, secret: str, found: Answer, about: Mapping[str, Any]) -> None:
        """Members that are None go."""
        try:
            value = json.loads(found.get("SecretString", ""))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            message = f"The secret {secret} must be a JSON object to be attached"
            raise AwsError("InvalidRequestException", message)
        after = {key: one for key, one in {**value, **about}.items() if one is not None}
        if after != value:
            text = json.dumps(after, separators=(",", ":"))
            asked = {"SecretId": secret, "SecretString": text}
            await job.cloud.ask("secretsmanager", "PutSecretValue", **asked)


def _told(database: Answer, target: Target, name: str) -> Mapping[str, Any]:
    endpoint = database.get("Endpoint")  # of a cluster it is a text
    host = endpoint.get("Address") if isinstance(endpoint, Mapping) else endpoint
    port = endpoint.get("Port") if isinstance(endpoint, Mapping) else database.get("Port")
    return {
        "engine": database.get("Engine"),
        "host": host,
        "port": port,
        "dbname": database.get("DBName") or database.get("DatabaseName"),
        target.key: name,
    }


def _nothing(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a secret is not told any more."""
    target = TARGETS.get(str(properties.get("TargetType")))
    keys = ("engine", "host", "port", "dbname", *([target.key] if target else ()))
    return dict.fromkeys(keys)
