"""Connections and hosts, under both names that AWS has for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.facts import tell

pytestmark = pytest.mark.anyio

Api = Callable[..., Any]


@pytest.fixture
def api(store: Store, call_of: Callable[..., Call]) -> Api:
    async def ask(operation: str, service: str = "codeconnections", **request: Any) -> Any:
        made = make_service(service, store)
        return await getattr(made, operation)(call_of(service, operation), request)

    return ask


async def refused(asked: Any) -> str:
    with pytest.raises(AwsError) as found:
        await asked
    return found.value.code


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
async def test_a_connection_waits_until_its_provider_is_set(
    store: Store, api: Api, service: str
) -> None:
    """TG-140"""
    made = await api("create_connection", service, ConnectionName="hub", ProviderType="GitHub")
    arn = made["ConnectionArn"]
    assert arn.startswith(f"arn:aws:{service}:us-east-1:000000000000:connection/")
    found = (await api("get_connection", ConnectionArn=arn))["Connection"]
    assert found == {
        "ConnectionName": "hub", "ConnectionArn": arn, "ProviderType": "GitHub",
        "OwnerAccountId": "000000000000", "ConnectionStatus": "PENDING",
    }  # fmt: skip
    async with store.database.transaction() as connection:
        await tell(connection, "connections", {"GitHub": "/srv/{repository}.git"})
    found = (await api("get_connection", "codestar-connections", ConnectionArn=arn))["Connection"]
    assert found["ConnectionStatus"] == "AVAILABLE"
    assert await api("delete_connection", ConnectionArn=arn) == {}
    assert await refused(api("delete_connection", ConnectionArn=arn)) == "ResourceNotFoundException"
    assert await refused(api("get_connection", ConnectionArn=arn)) == "ResourceNotFoundException"


async def test_connections_are_listed_by_provider_and_page_by_page(api: Api) -> None:
    for number in range(3):
        await api("create_connection", ConnectionName=f"g{number}", ProviderType="GitLab")
    await api("create_connection", ConnectionName="b", ProviderType="Bitbucket")
    first = await api("list_connections", ProviderTypeFilter="GitLab", MaxResults=2)
    rest = await api(
        "list_connections", ProviderTypeFilter="GitLab", MaxResults=2, NextToken=first["NextToken"]
    )
    names = [one["ConnectionName"] for one in first["Connections"] + rest["Connections"]]
    assert sorted(names) == ["g0", "g1", "g2"]
    assert "NextToken" not in rest
    assert len((await api("list_connections"))["Connections"]) == 4
    assert await refused(api("list_connections", NextToken="x")) == "InvalidInputException"


async def test_a_host_gives_its_connections_their_provider(api: Api) -> None:
    host = (
        await api(
            "create_host", Name="ghe", ProviderType="GitHubEnterpriseServer",
            ProviderEndpoint="https://ghe.example",
        )
    )["HostArn"]  # fmt: skip
    made = await api("create_connection", ConnectionName="c", HostArn=host)
    found = await api("get_connection", ConnectionArn=made["ConnectionArn"])
    assert found["Connection"]["ProviderType"] == "GitHubEnterpriseServer"
    assert await refused(api("delete_host", HostArn=host)) == "ResourceUnavailableException"
    await api("update_host", HostArn=host, ProviderEndpoint="https://new.example")
    assert await api("get_host", HostArn=host) == {
        "Name": "ghe", "Status": "PENDING", "ProviderType": "GitHubEnterpriseServer",
        "ProviderEndpoint": "https://new.example",
    }  # fmt: skip
    assert [one["HostArn"] for one in (await api("list_hosts"))["Hosts"]] == [host]
    await api("delete_connection", ConnectionArn=made["ConnectionArn"])
    assert await api("delete_host", HostArn=host) == {}
    assert await refused(api("get_host", HostArn=host)) == "ResourceNotFoundException"


async def test_connections_and_hosts_are_tagged(api: Api) -> None:
    tag = {"Key": "a", "Value": "1"}
    made = await api("create_connection", ConnectionName="c", ProviderType="GitHub", Tags=[tag])
    host = await api(
        "create_host", Name="h", ProviderType="GitLabSelfManaged", ProviderEndpoint="https://g"
    )
    for arn, before in ((made["ConnectionArn"], [tag]), (host["HostArn"], [])):
        assert (await api("list_tags_for_resource", ResourceArn=arn))["Tags"] == before
        await api("tag_resource", ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
        await api("untag_resource", ResourceArn=arn, TagKeys=["a"])
        assert (await api("list_tags_for_resource", ResourceArn=arn))["Tags"] == [
            {"Key": "b", "Value": "2"}
        ]
    nothing = api("list_tags_for_resource", ResourceArn="arn:aws:codeconnections:r:0:x")
    assert await refused(nothing) == "ResourceNotFoundException"


async def test_requests_that_make_no_sense_are_refused(api: Api) -> None:
    assert await refused(api("create_connection", ConnectionName="c")) == "InvalidInputException"
    asked = api("create_connection", ConnectionName="c", ProviderType="SourceForge")
    assert await refused(asked) == "ValidationException"
    asked = api(
        "create_connection", ConnectionName="c", HostArn="arn:aws:codeconnections:r:0:host/x"
    )
    assert await refused(asked) == "ResourceNotFoundException"
    asked = api("create_host", Name="h", ProviderType="GitHub", ProviderEndpoint="https://g")
    assert await refused(asked) == "ValidationException"
