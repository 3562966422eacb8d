"""Connections: AVAILABLE where a setting says where the provider's repositories are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from penstock.errors import AwsError
from penstock.services.codeconnections.tags import missing, read_tags
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import connections_to_git as rows
from penstock.store.connections_to_git import GitConnection

PROVIDERS = (
    "Bitbucket",
    "GitHub",
    "GitHubEnterpriseServer",
    "GitLab",
    "GitLabSelfManaged",
    "AzureDevOps",
)
BAD_TOKEN = AwsError("InvalidInputException", "The specified NextToken is not valid.")


class Connections(Service):
    async def create_connection(self, call: Call, request: Request) -> Answer:
        provider, host_arn = request.get("ProviderType"), request.get("HostArn")
        if (provider is None) == (host_arn is None):
            raise AwsError(
                "InvalidInputException", "Either ProviderType or HostArn is given, and not both."
            )
        if host_arn is not None:
            host = await rows.find_host(self.store.database, call.account, host_arn)
            if host is None:
                raise missing(f"Host not found: {host_arn}")
            provider = host.provider
        tags = read_tags(request.get("Tags") or ())
        arn = call.arn(f"connection/{uuid4()}")
        await rows.insert_connection(
            self.store.database,
            GitConnection(
                arn,
                call.account,
                call.region,
                request["ConnectionName"],
                check_provider(provider or ""),
                host_arn,
                call.now,
                tags,
                None,
                None,
            ),
        )
        return {"ConnectionArn": arn, "Tags": request.get("Tags") or []}

    async def get_connection(self, call: Call, request: Request) -> Answer:
        arn = request["ConnectionArn"]
        found = await rows.find_connection(self.store.database, call.account, arn)
        if found is None:
            raise missing(f"Connection not found: {arn}")
        return {"Connection": shape(found)}

    async def list_connections(self, call: Call, request: Request) -> Answer:
        provider, host = request.get("ProviderTypeFilter"), request.get("HostArnFilter")
        kind = f"connections:{provider}:{host}"
        (after,) = read_token(kind, request.get("NextToken"), BAD_TOKEN) or ("",)
        limit = request.get("MaxResults") or 100
        found = await rows.list_connections(
            self.store.database,
            call.account,
            call.region,
            provider=provider,
            host=host,
            after=after,
            limit=limit + 1,
        )
        page, token = cut(found, limit, lambda one: make_token(kind, one.arn))
        answer: Answer = {"Connections": [shape(one) for one in page]}
        return answer | {"NextToken": token} if token else answer

    async def delete_connection(self, call: Call, request: Request) -> Answer:
        arn = request["ConnectionArn"]
        if not await rows.delete_connection(self.store.database, call.account, arn):
            raise missing(f"Connection not found: {arn}")
        return {}


def check_provider(provider: str) -> str:
    """Raises AwsError."""
    if provider not in PROVIDERS:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{provider}' at 'providerType' failed to satisfy"
            f" constraint: Member must satisfy enum value set: [{', '.join(PROVIDERS)}]",
        )
    return provider


def shape(found: GitConnection) -> dict[str, Any]:
    members = {
        "ConnectionName": found.name,
        "ConnectionArn": found.arn,
        "ProviderType": found.provider,
        "OwnerAccountId": found.account,
        "ConnectionStatus": found.status,
        "HostArn": found.host_arn,
    }
    return {member: value for member, value in members.items() if value is not None}
