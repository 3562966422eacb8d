"""Hosts: where a provider's product is installed. What is reached here is up to the settings."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from penstock.errors import AwsError
from penstock.services.codeconnections.connections import BAD_TOKEN, check_provider
from penstock.services.codeconnections.tags import missing, read_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import connections_to_git as rows
from penstock.store.connections_to_git import GitHost

INSTALLED = ("GitHubEnterpriseServer", "GitLabSelfManaged")


class Hosts(Service):
    async def create_host(self, call: Call, request: Request) -> Answer:
        provider = check_provider(request["ProviderType"])
        if provider not in INSTALLED:
            raise AwsError(
                "ValidationException", f"Hosts are of {' and '.join(INSTALLED)}, not of {provider}."
            )
        arn = call.arn(f"host/{request['Name']}-{uuid4().hex[:8]}")
        await rows.insert_host(
            self.store.database,
            GitHost(
                arn,
                call.account,
                call.region,
                request["Name"],
                provider,
                request["ProviderEndpoint"],
                request.get("VpcConfiguration"),
                call.now,
                read_tags(request.get("Tags") or ()),
                None,
                None,
            ),
        )
        return {"HostArn": arn, "Tags": request.get("Tags") or []}

    async def get_host(self, call: Call, request: Request) -> Answer:
        shape = _shape(await self._find(call, request["HostArn"]))
        del shape["HostArn"]
        return shape

    async def list_hosts(self, call: Call, request: Request) -> Answer:
        (after,) = read_token("hosts", request.get("NextToken"), BAD_TOKEN) or ("",)
        limit = request.get("MaxResults") or 100
        found = await rows.list_hosts(
            self.store.database, call.account, call.region, after, limit + 1
        )
        page, token = cut(found, limit, lambda one: make_token("hosts", one.arn))
        answer: Answer = {"Hosts": [_shape(one) for one in page]}
        return answer | {"NextToken": token} if token else answer

    async def update_host(self, call: Call, request: Request) -> Answer:
        found = await self._find(call, request["HostArn"])
        await rows.change_host(
            self.store.database,
            found.arn,
            request.get("ProviderEndpoint", found.endpoint),
            request.get("VpcConfiguration", found.network),
        )
        return {}

    async def delete_host(self, call: Call, request: Request) -> Answer:
        found = await self._find(call, request["HostArn"])
        async with self.store.database.transaction() as connection:
            gone = await rows.delete_host(connection, call.account, found.arn)
        if not gone:
            raise AwsError(
                "ResourceUnavailableException",
                f"{found.arn} has connections: delete these before.",
            )
        return {}

    async def _find(self, call: Call, arn: str) -> GitHost:
        found = await rows.find_host(self.store.database, call.account, arn)
        if found is None:
            raise missing(f"Host not found: {arn}")
        return found


def _shape(found: GitHost) -> dict[str, Any]:
    members = {
        "Name": found.name,
        "HostArn": found.arn,
        "ProviderType": found.provider,
        "ProviderEndpoint": found.endpoint,
        "VpcConfiguration": found.network,
        "Status": found.status,
    }
    return {member: value for member, value in members.items() if value is not None}
