"""Connections to providers of repositories that stacks make, and their hosts (TG-140)."""

from __future__ import annotations

from typing import Any

import pytest

from .resource_bench import ACCOUNT, REGION, Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
HUB: dict[str, Any] = {"ConnectionName": "hub", "ProviderType": "GitHub"}
HOST = "AWS::CodeConnections::Host"
SERVER = {
    "Name": "own",
    "ProviderType": "GitHubEnterpriseServer",
    "ProviderEndpoint": "https://git.example",
}


@pytest.mark.parametrize(
    ("namespace", "service"),
    [("CodeStarConnections", "codestar-connections"), ("CodeConnections", "codeconnections")],
)
async def test_a_connection_is_created_changed_and_deleted(
    bench: Bench, namespace: str, service: str
) -> None:
    type = f"AWS::{namespace}::Connection"
    made = await bench.create("Hub", type, {**HUB, "Tags": [{"Key": "a", "Value": "1"}]})
    assert made.physical_id.startswith(f"arn:aws:{service}:{REGION}:{ACCOUNT}:connection/")
    assert made.attributes["ConnectionArn"] == made.physical_id
    assert made.attributes["OwnerAccountId"] == ACCOUNT
    assert made.attributes["ConnectionStatus"] in ("PENDING", "AVAILABLE")
    assert {"a", "team"} < await keys(bench, service, made.physical_id)

    again = await bench.create("Hub", type, HUB, again=True)
    assert again.physical_id == made.physical_id
    other = await bench.create("Other", type, HUB)  # names may be the same
    assert other.physical_id != made.physical_id
    again = await bench.create("Other", type, HUB, again=True)
    assert again.physical_id == other.physical_id

    await bench.update("Hub", {**HUB, "Tags": [{"Key": "b", "Value": "2"}]})
    assert {"b", "team"} < await keys(bench, service, made.physical_id)
    await bench.delete("Hub")
    listed = (await bench.ask(service, "ListConnections"))["Connections"]
    assert [one["ConnectionArn"] for one in listed] == [other.physical_id]


async def keys(bench: Bench, service: str, arn: str) -> set[str]:
    found = await bench.ask(service, "ListTagsForResource", ResourceArn=arn)
    return {tag["Key"] for tag in found["Tags"]}


async def test_a_connection_that_was_not_made_is_made_again(bench: Bench) -> None:
    made = await bench.create("Hub", "AWS::CodeConnections::Connection", HUB, again=True)
    assert made.attributes["ConnectionArn"] == made.physical_id


async def test_a_host_is_created_changed_and_deleted(bench: Bench) -> None:
    made = await bench.create("Own", HOST, SERVER)
    assert made.attributes["HostArn"] == made.physical_id
    assert made.physical_id.endswith(made.attributes["HostId"])
    assert made.attributes["Status"]
    again = await bench.create("Own", HOST, SERVER, again=True)
    assert again.physical_id == made.physical_id
    await bench.update("Own", {**SERVER, "ProviderEndpoint": "https://git2.example"})
    found = await bench.ask("codeconnections", "GetHost", HostArn=made.physical_id)
    assert found["ProviderEndpoint"] == "https://git2.example"
    await bench.delete("Own")


async def test_what_cannot_be_is_refused(bench: Bench) -> None:
    type = "AWS::CodeConnections::Connection"
    told = await bench.refused("Hub", type, {**HUB, "Provider": "GitHub"})
    assert told.endswith("Encountered unsupported property Provider")
    assert "enum value set" in await bench.refused("Hub", type, {**HUB, "ProviderType": "Hub"})
