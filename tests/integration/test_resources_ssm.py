"""Parameters that stacks make (TG-075)."""

from __future__ import annotations

import pytest

from penstock.errors import AwsError

from .resource_bench import Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio

TYPE = "AWS::SSM::Parameter"
PARAMETER = {"Name": "/shop/url", "Type": "String", "Value": "a", "Tags": {"kind": "url"}}


async def look(bench: Bench, name: str = "/shop/url") -> tuple[object, ...]:
    found = (await bench.ask("ssm", "GetParameter", Name=name))["Parameter"]
    tags = await bench.ask("ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId=name)
    pairs = {tag["Key"]: tag["Value"] for tag in tags["TagList"]}
    return found["Type"], found["Value"], found["Version"], pairs


async def test_a_parameter_is_created_changed_and_deleted(bench: Bench) -> None:
    made = await bench.create("Url", TYPE, PARAMETER)
    assert made.physical_id == "/shop/url"
    assert made.attributes == {
        "Arn": "arn:aws:ssm:us-east-1:000000000000:parameter/shop/url",
        "Type": "String",
        "Value": "a",
    }
    assert await look(bench) == ("String", "a", 1, {"kind": "url", "team": "web"})

    changed = await bench.update("Url", {**PARAMETER, "Value": "b", "Tags": {"new": True}})
    assert (changed.physical_id, changed.attributes["Value"]) == ("/shop/url", "b")
    assert await look(bench) == ("String", "b", 2, {"new": "true", "team": "web"})

    await bench.delete("Url")
    with pytest.raises(AwsError, match="ParameterNotFound"):
        await look(bench)


async def test_names_are_generated_as_cloudformation_does(bench: Bench) -> None:
    made = await bench.create("Url", TYPE, {"Type": "StringList", "Value": "a,b"})
    prefix, logical, unique = made.physical_id.split("-")
    assert (prefix, logical, len(unique)) == ("CFN", "Url", 12)
    assert made.attributes["Arn"].endswith(f":parameter/{made.physical_id}")


async def test_a_create_that_was_killed_is_done_again_and_one_of_somebody_else_fails(
    bench: Bench,
) -> None:
    await bench.create("Url", TYPE, PARAMETER)
    assert "'/shop/url' already exists" in await bench.refused("Url", TYPE, PARAMETER)
    again = await bench.create("Url", TYPE, PARAMETER, again=True)
    assert again.physical_id == "/shop/url"


async def test_what_there_is_not_is_refused_by_name(bench: Bench) -> None:
    for extra, told in (
        ({"Overwrite": True}, "Encountered unsupported property Overwrite"),
        ({"Policies": '[{"Type":"Expiration"}]'}, "not implemented: AWS::SSM::Parameter Policies"),
        ({"Type": "SecureString"}, "SecureString"),
        ({"Value": ["a"]}, "Value of property Value must be a string"),
    ):
        assert told in await bench.refused("Url", TYPE, {**PARAMETER, **extra})
