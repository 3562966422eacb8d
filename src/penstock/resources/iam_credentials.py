"""How one proves who one is to IAM, in the sandbox: keys of users, and OpenID Connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Handler, Job, Kind, Made, NotMade, Outcome
from penstock.resources.existence import unless_there
from penstock.resources.reasons import reason_of
from penstock.resources.sandboxed import Kept, Sandboxed, changed, needed, plain_list
from penstock.resources.shaping import check_names, request_of
from penstock.resources.tags import as_list, tag_change, tags_of


class AccessKey(Kept):
    """A key of the sandbox's: this server takes those only that it issued itself.

    A create that is done again makes another key, as the secret of the first is told only once.
    """

    async def create(self, job: Job) -> Outcome:
        try:
            check_names(job.properties, ("Serial", "Status", "UserName"))
            needed(job.properties, "UserName")
            user = str(job.properties["UserName"])
            key = (await job.cloud.ask("iam", "CreateAccessKey", UserName=user))["AccessKey"]
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), kind=Kind.SANDBOX)
        made = str(key["AccessKeyId"])
        try:
            await self._set_status(job, made)
        except AwsError as error:
            return NotMade(reason_of(error, job.task.id), made, Kind.SANDBOX)
        secret = str(key["SecretAccessKey"])
        return Made(made, {"Id": made, "SecretAccessKey": secret}, Kind.SANDBOX)

    async def change(self, job: Job) -> None:
        await self._set_status(job, job.physical_id)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return job.task.attributes

    async def remove(self, job: Job) -> None:
        asked = {"UserName": str(job.properties["UserName"]), "AccessKeyId": job.physical_id}
        await job.cloud.ask("iam", "DeleteAccessKey", **asked)

    async def _set_status(self, job: Job, key: str) -> None:
        if changed(job, "Status"):
            asked = {"AccessKeyId": key, "Status": str(job.properties.get("Status", "Active"))}
            user = str(job.properties["UserName"])
            await job.cloud.ask("iam", "UpdateAccessKey", UserName=user, **asked)


class OidcProvider(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "Url")
        asked = request_of(
            "iam",
            "CreateOpenIDConnectProviderRequest",
            _renamed(job.properties),
            ("Url", "ClientIDList", "ThumbprintList"),
            ("Tags",),
        )
        asked |= {"Tags": as_list(tags_of(job))}
        asked.setdefault("ThumbprintList", [])
        await unless_there(job, job.cloud.ask("iam", "CreateOpenIDConnectProvider", **asked))
        issuer = asked["Url"].partition("://")[2].rstrip("/")
        return f"arn:aws:iam::{job.stack.account}:oidc-provider/{issuer}"

    async def change(self, job: Job) -> None:
        which = {"OpenIDConnectProviderArn": job.physical_id}
        thumbprints = plain_list(job.properties.get("ThumbprintList"))
        if changed(job, "ThumbprintList"):
            operation = "UpdateOpenIDConnectProviderThumbprint"
            await job.cloud.ask("iam", operation, **which, ThumbprintList=thumbprints)
        await self._set_clients(job, which)
        change = tag_change(job)
        if change.gone:
            await job.cloud.ask("iam", "UntagOpenIDConnectProvider", **which, TagKeys=change.gone)
        if change.put:
            tags = as_list(change.put)
            await job.cloud.ask("iam", "TagOpenIDConnectProvider", **which, Tags=tags)

    async def _set_clients(self, job: Job, which: Mapping[str, str]) -> None:
        now, before = (
            plain_list(each.get("ClientIdList")) for each in (job.properties, job.previous)
        )
        for client in now:
            if client not in before:
                operation = "AddClientIDToOpenIDConnectProvider"
                await job.cloud.ask("iam", operation, **which, ClientID=client)
        for client in before:
            if client not in now:
                operation = "RemoveClientIDFromOpenIDConnectProvider"
                await job.cloud.ask("iam", operation, **which, ClientID=client)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"Arn": physical_id}

    async def remove(self, job: Job) -> None:
        which = {"OpenIDConnectProviderArn": job.physical_id}
        await job.cloud.ask("iam", "DeleteOpenIDConnectProvider", **which)


def _renamed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ClientIDList" if name == "ClientIdList" else name: properties[name] for name in properties
    }


HANDLERS: Mapping[str, Handler] = {
    "AWS::IAM::AccessKey": AccessKey(),
    "AWS::IAM::OIDCProvider": OidcProvider(),
}
