"""Parameter Store on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """`await ask("GetParameter", Name="/a")`"""
    ssm = make_service("ssm", store)

    async def ask(operation: str, **request: Any) -> dict[str, Any]:
        return await ssm.handler(operation)(call_of("ssm", operation), request) or {}

    return ask


async def refused(asked: Awaitable[Any]) -> str:
    with pytest.raises(AwsError) as caught:
        await asked
    return caught.value.code


async def put(ask: Ask, name: str, value: str = "v", **more: Any) -> int:
    request = {"Name": name, "Value": value, "Type": "String"} | more
    return int((await ask("PutParameter", **request))["Version"])


async def test_a_parameter_comes_back_as_it_was_put(ask: Ask, call_of: Callable[..., Call]) -> None:
    await put(ask, "/app/token", "s3cret", DataType="text")
    found = (await ask("GetParameter", Name="/app/token"))["Parameter"]
    assert found == {
        "Name": "/app/token",
        "Type": "String",
        "Value": "s3cret",
        "Version": 1,
        "LastModifiedDate": call_of("ssm", "x").now,
        "ARN": "arn:aws:ssm:us-east-1:000000000000:parameter/app/token",
        "DataType": "text",
    }


async def test_writing_again_needs_overwrite_and_makes_a_version(ask: Ask) -> None:
    """TG-076"""
    assert await put(ask, "a") == 1
    assert await refused(put(ask, "a")) == "ParameterAlreadyExists"
    assert (await ask("PutParameter", Name="a", Value="w", Overwrite=True))["Version"] == 2
    assert (await ask("GetParameter", Name="a"))["Parameter"]["Value"] == "w"
    assert await refused(ask("PutParameter", Name="b", Value="w")) == "ValidationException"


async def test_a_hundred_versions_are_kept_and_a_labelled_oldest_one_is_not_dropped(
    ask: Ask,
) -> None:
    """TG-076"""
    for number in range(102):
        await put(ask, "a", str(number), Overwrite=True)
    versions = []
    token: dict[str, str] = {}
    while True:
        page = await ask("GetParameterHistory", Name="a", **token)
        versions += [version["Version"] for version in page["Parameters"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert versions == list(range(3, 103))
    await ask("LabelParameterVersion", Name="a", ParameterVersion=3, Labels=["keep"])
    assert await refused(put(ask, "a", Overwrite=True)) == "ParameterMaxVersionLimitExceeded"


@pytest.mark.parametrize(
    ("selector", "value"),
    [("a", "2"), ("a:1", "1"), ("a:prod", "1")],
)
async def test_a_selector_finds_its_version_and_is_echoed(
    ask: Ask, selector: str, value: str
) -> None:
    """TG-077"""
    await put(ask, "a", "1")
    await put(ask, "a", "2", Overwrite=True)
    await ask("LabelParameterVersion", Name="a", ParameterVersion=1, Labels=["prod"])
    found = (await ask("GetParameter", Name=selector))["Parameter"]
    assert (found["Value"], found.get("Selector", "")) == (value, selector[1:])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("b", "ParameterNotFound"),
        ("b:1", "ParameterNotFound"),
        ("a:9", "ParameterVersionNotFound"),
        ("a:0", "ParameterVersionNotFound"),
        ("a:prod", "ParameterVersionNotFound"),
        ("a:%", "ValidationException"),
        ("arn:aws:s3:::a", "ValidationException"),
    ],
)
async def test_what_is_missing_is_an_error_and_falls_back_on_nothing(
    ask: Ask, name: str, code: str
) -> None:
    """TG-077, TG-078"""
    await put(ask, "a")
    assert await refused(ask("GetParameter", Name=name)) == code


async def test_a_secure_string_is_ciphertext_until_decryption_is_asked_for(
    ask: Ask, store: Store
) -> None:
    """TG-077"""
    await put(ask, "/s", "s3cret", Type="SecureString")
    shut = (await ask("GetParameter", Name="/s"))["Parameter"]["Value"]
    assert "s3cret" not in shut and len(shut) > 20
    opened = await ask("GetParameter", Name="/s", WithDecryption=True)
    assert opened["Parameter"]["Value"] == "s3cret"
    rows = await store.database.fetch("SELECT * FROM parameter_versions")
    assert "s3cret" not in repr(rows)


async def test_several_are_answered_together_and_unknown_ones_named(ask: Ask) -> None:
    """TG-078"""
    await put(ask, "a", "1")
    await put(ask, "b", "2")
    answer = await ask("GetParameters", Names=["b", "x", "a:1", "b", "a:7"])
    assert [found["Value"] for found in answer["Parameters"]] == ["2", "1"]
    assert answer["InvalidParameters"] == ["x", "a:7"]
    assert await refused(ask("GetParameters", Names=list("abcdefghijk"))) == "ValidationException"


async def pages(ask: Ask, operation: str, **request: Any) -> list[list[str]]:
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        page = await ask(operation, **request, **token)
        found.append([row["Name"] for row in page["Parameters"]])
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


async def test_a_path_is_paged_through_one_level_or_all(ask: Ask) -> None:
    """TG-079"""
    names = [f"/app/{number:02}" for number in range(25)]
    for name in (*names, "/app/deep/x", "/apple", "/app"):
        await put(ask, name)
    flat = await pages(ask, "GetParametersByPath", Path="/app")
    assert [len(page) for page in flat] == [10, 10, 5]
    assert list(chain(*flat)) == names
    deep = await pages(ask, "GetParametersByPath", Path="/app/", Recursive=True, MaxResults=7)
    assert list(chain(*deep)) == [*names, "/app/deep/x"]
    assert (await pages(ask, "GetParametersByPath", Path="/", Recursive=True))[0][0] == "/app"


async def test_a_token_of_another_listing_is_refused(ask: Ask) -> None:
    for name in ("/a/1", "/a/2"):
        await put(ask, name)
    token = (await ask("GetParametersByPath", Path="/a", MaxResults=1))["NextToken"]
    assert (
        await refused(ask("GetParametersByPath", Path="/b", NextToken=token)) == "InvalidNextToken"
    )


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([{"Key": "Type", "Values": ["SecureString"]}], ["/s/1", "s2"]),
        ([{"Key": "Name", "Option": "BeginsWith", "Values": ["/s"]}], ["/s/1"]),
        ([{"Key": "Name", "Option": "Contains", "Values": ["2"]}], ["s2"]),
        ([{"Key": "Path", "Option": "Recursive", "Values": ["/a"]}], ["/a/b/c"]),
        ([{"Key": "Path", "Option": "OneLevel", "Values": ["/a"]}], []),
        ([{"Key": "KeyId", "Values": ["alias/mine"]}], ["s2"]),
        ([{"Key": "tag:team", "Values": ["core"]}], ["/a/b/c"]),
        ([{"Key": "tag:team"}], ["/a/b/c"]),
        ([{"Key": "Label", "Values": ["prod"]}], ["/s/1"]),
    ],
)
async def test_filters_choose_what_is_described(
    ask: Ask, filters: list[dict[str, Any]], names: list[str]
) -> None:
    await put(ask, "/a/b/c", Tags=[{"Key": "team", "Value": "core"}])
    await put(ask, "/s/1", Type="SecureString")
    await put(ask, "s2", Type="SecureString", KeyId="alias/mine")
    await ask("LabelParameterVersion", Name="/s/1", Labels=["prod"])
    assert list(chain(*await pages(ask, "DescribeParameters", ParameterFilters=filters))) == names


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"Key": "Owner", "Values": ["x"]}, "InvalidFilterKey"),
        ({"Key": "Type", "Option": "Contains", "Values": ["x"]}, "InvalidFilterOption"),
        ({"Key": "Type", "Values": []}, "InvalidFilterValue"),
    ],
)
async def test_a_filter_aws_does_not_know_is_refused(
    ask: Ask, wanted: dict[str, Any], code: str
) -> None:
    assert await refused(ask("DescribeParameters", ParameterFilters=[wanted])) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "ValidationException"),
        ("a b", "ValidationException"),
        ("é", "ValidationException"),
        ("../../etc", "ValidationException"),
        ("a/b", "ValidationException"),
        ("/a/", "ValidationException"),
        ("/a//b", "ValidationException"),
        ("awsome", "ValidationException"),
        ("/SSM/x", "ValidationException"),
        ("/1" * 16, "HierarchyLevelLimitExceededException"),
        ("a" * 1000, "ValidationException"),
    ],
)
async def test_names_that_no_parameter_may_have(ask: Ask, name: str, code: str) -> None:
    """TG-075"""
    assert await refused(put(ask, name)) == code


@pytest.mark.parametrize("name", ["/1" * 15, "a" * 900, "a.b-c_D"])
async def test_names_at_their_bounds(ask: Ask, name: str) -> None:
    """TG-075"""
    assert await put(ask, name) == 1


@pytest.mark.parametrize(
    ("value", "more", "tier"),
    [
        ("x" * 4096, {}, "Standard"),
        ("é" * 2048, {}, "Standard"),
        ("x" * 8192, {"Tier": "Advanced"}, "Advanced"),
        ("x" * 4097, {"Tier": "Intelligent-Tiering"}, "Advanced"),
        ("x", {"Tier": "Intelligent-Tiering"}, "Standard"),
    ],
)
async def test_values_at_their_bounds(
    ask: Ask, value: str, more: dict[str, str], tier: str
) -> None:
    """TG-075"""
    request = {"Name": "a", "Value": value, "Type": "String"} | more
    assert (await ask("PutParameter", **request))["Tier"] == tier


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Value": ""}, "ValidationException"),
        ({"Value": "a {{ssm:/b}}"}, "ValidationException"),
        ({"Value": "x" * 4097}, "ValidationException"),
        ({"Value": "x" * 8193, "Tier": "Advanced"}, "ValidationException"),
        ({"Type": "Number"}, "ValidationException"),
        ({"Tier": "Free"}, "ValidationException"),
        ({"DataType": "aws:ec2:image"}, "ValidationException"),
        ({"DataType": "json"}, "ValidationException"),
        ({"AllowedPattern": "[0-9]+"}, "ParameterPatternMismatchException"),
        ({"AllowedPattern": "("}, "InvalidAllowedPatternException"),
        ({"Policies": '[{"Type":"Expiration"}]'}, "NotImplemented"),
        ({"Overwrite": True, "Tags": [{"Key": "a", "Value": "b"}]}, "ValidationException"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    ask: Ask, more: dict[str, Any], code: str
) -> None:
    assert await refused(put(ask, "a", value=more.pop("Value", "v"), **more)) == code
    assert await refused(ask("GetParameter", Name="a")) == "ParameterNotFound"


async def test_an_advanced_parameter_stays_one(ask: Ask) -> None:
    await put(ask, "a", "v", Tier="Advanced")
    assert await refused(put(ask, "a", "w", Tier="Standard", Overwrite=True)) == (
        "ValidationException"
    )
    again = await ask("PutParameter", Name="a", Value="w", Overwrite=True)
    assert again["Tier"] == "Advanced"


async def test_a_pattern_made_to_take_for_ever_does_not(ask: Ask) -> None:
    code = await refused(put(ask, "a", "a" * 4000 + "!", AllowedPattern=r"(a+)+\1+b"))
    assert code in ("InvalidAllowedPatternException", "ParameterPatternMismatchException")


async def test_a_type_in_a_hierarchy_does_not_change(ask: Ask) -> None:
    await put(ask, "/a/b")
    changed = put(ask, "/a/b", Type="SecureString", Overwrite=True)
    assert await refused(changed) == "HierarchyTypeMismatchException"


async def test_a_label_sits_on_one_version_and_bad_ones_are_named(ask: Ask) -> None:
    """TG-080"""
    await put(ask, "a", "1")
    await put(ask, "a", "2", Overwrite=True)
    first = await ask(
        "LabelParameterVersion", Name="a", ParameterVersion=1, Labels=["prod", "aws-x", "1x"]
    )
    assert first == {"InvalidLabels": ["aws-x", "1x"], "ParameterVersion": 1}
    await ask("LabelParameterVersion", Name="a", Labels=["prod", "new"])
    labels = [row["Labels"] for row in (await ask("GetParameterHistory", Name="a"))["Parameters"]]
    assert labels == [[], ["prod", "new"]]
    taken = await ask("UnlabelParameterVersion", Name="a", ParameterVersion=2, Labels=["new", "x"])
    assert taken == {"RemovedLabels": ["new"], "InvalidLabels": ["x"]}
    many = [f"l{number}" for number in range(10)]
    assert (
        await refused(ask("LabelParameterVersion", Name="a", Labels=many))
        == "ParameterVersionLabelLimitExceeded"
    )


async def test_tags_are_added_listed_and_removed(ask: Ask) -> None:
    await put(ask, "a", Tags=[{"Key": "x", "Value": "1"}])
    of = {"ResourceType": "Parameter", "ResourceId": "a"}
    await ask("AddTagsToResource", **of, Tags=[{"Key": "y", "Value": "2"}])
    await ask("RemoveTagsFromResource", **of, TagKeys=["x", "z"])
    assert await ask("ListTagsForResource", **of) == {"TagList": [{"Key": "y", "Value": "2"}]}
    other = of | {"ResourceId": "b"}
    assert await refused(ask("ListTagsForResource", **other)) == "InvalidResourceId"


async def test_deleted_parameters_are_gone_and_begin_anew(ask: Ask) -> None:
    for name in ("a", "b", "c"):
        await put(ask, name)
    await ask("DeleteParameter", Name="a")
    assert await refused(ask("DeleteParameter", Name="a")) == "ParameterNotFound"
    answer = await ask("DeleteParameters", Names=["b", "x"])
    assert answer == {"DeletedParameters": ["b"], "InvalidParameters": ["x"]}
    assert await put(ask, "a") == 1


async def test_regions_are_apart(store: Store, call_of: Callable[..., Call], ask: Ask) -> None:
    await put(ask, "a")
    ssm = make_service("ssm", store)
    call = call_of("ssm", "GetParameter", region="eu-west-1")
    assert await refused(ssm.handler("GetParameter")(call, {"Name": "a"})) == "ParameterNotFound"


async def test_what_is_not_there_names_itself(ask: Ask) -> None:
    assert await refused(ask("CreateDocument", Content="x", Name="y")) == "NotImplemented"


async def test_a_secret_is_had_as_a_parameter(
    ask: Ask, store: Store, call_of: Callable[..., Call]
) -> None:
    create = make_service("secretsmanager", store).handler("CreateSecret")
    secret = {"Name": "app/db", "SecretString": "hunter22", "ClientRequestToken": "t" * 32}
    await create(call_of("secretsmanager", "CreateSecret"), secret)
    name = "/aws/reference/secretsmanager/app/db"
    found = (await ask("GetParameter", Name=name, WithDecryption=True))["Parameter"]
    assert (found["Name"], found["Type"], found["Value"], found["Version"]) == (
        name, "SecureString", "hunter22", 0
    )  # fmt: skip
    assert json.loads(found["SourceResult"])["Name"] == "app/db"
    assert await refused(ask("GetParameter", Name=name)) == "ValidationException"
    gone = "/aws/reference/secretsmanager/gone"
    missing = ask("GetParameter", Name=gone, WithDecryption=True)
    assert await refused(missing) == "ParameterNotFound"
    await put(ask, "a", "v")
    several = await ask("GetParameters", Names=[gone, "a", name], WithDecryption=True)
    assert [one["Name"] for one in several["Parameters"]] == ["a", name]
    assert several["InvalidParameters"] == [gone]


@pytest.mark.parametrize("name", ["one", "/one", "/one/two"])
async def test_a_parameter_is_found_by_its_arn(ask: Ask, name: str) -> None:
    await put(ask, name, "v")
    arn = (await ask("GetParameter", Name=name))["Parameter"]["ARN"]
    assert (await ask("GetParameter", Name=arn))["Parameter"]["Name"] == name
    several = await ask("GetParameters", Names=[arn, "other"])
    assert [one["Name"] for one in several["Parameters"]] == [name]
    assert several["InvalidParameters"] == ["other"]
