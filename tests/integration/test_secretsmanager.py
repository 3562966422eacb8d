"""Secrets Manager on PostgreSQL."""

from __future__ import annotations

import string
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.services import make_service
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.secrets import purge

pytestmark = pytest.mark.anyio

Ask = Callable[..., Awaitable[dict[str, Any]]]
ONE, TWO, THREE = ("1" * 32, "2" * 32, "3" * 32)


@pytest.fixture
def ask(store: Store, call_of: Callable[..., Call]) -> Ask:
    """`await ask("GetSecretValue", SecretId="a")`, `at` a given time"""
    service = make_service("secretsmanager", store)

    async def ask(operation: str, at: datetime | None = None, **request: Any) -> dict[str, Any]:
        call = call_of("secretsmanager", operation, **({"now": at} if at else {}))
        return await service.handler(operation)(call, request) or {}

    return ask


async def refused(asked: Awaitable[Any]) -> tuple[str, str]:
    with pytest.raises(AwsError) as caught:
        await asked
    return caught.value.code, caught.value.message


async def read(ask: Ask, name: str = "db", **more: Any) -> str:
    return str((await ask("GetSecretValue", SecretId=name, **more))["SecretString"])


async def test_a_secret_is_found_by_name_by_arn_and_by_arn_without_suffix(ask: Ask) -> None:
    """TG-081"""
    made = await ask("CreateSecret", Name="app/db-string", SecretString="s3cret")
    arn = made["ARN"]
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:app/db-string-")
    assert len(arn.rpartition("-")[2]) == 6
    for name in ("app/db-string", arn, arn.rpartition("-")[0]):
        assert await read(ask, name) == "s3cret"
    code, message = await refused(read(ask, arn[:-6] + "abcdef"))
    assert (code, message) == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )


async def test_a_name_that_looks_like_an_arns_is_itself(ask: Ask) -> None:
    """TG-081"""
    await ask("CreateSecret", Name="db-string", SecretString="mine")
    await ask("CreateSecret", Name="db", SecretString="other")
    assert await read(ask, "db-string") == "mine"


async def test_a_secret_is_not_in_the_database_as_it_is(ask: Ask, store: Store) -> None:
    await ask("CreateSecret", Name="db", SecretString="s3cret")
    assert b"s3cret" not in (await store.database.fetch("SELECT * FROM secret_versions"))[0].sealed


async def test_bytes_come_back_as_bytes(ask: Ask) -> None:
    await ask("CreateSecret", Name="db", SecretBinary=b"\x00\xff")
    answer = await ask("GetSecretValue", SecretId="db")
    assert answer["SecretBinary"] == b"\x00\xff" and "SecretString" not in answer


async def test_putting_a_value_moves_the_stages(ask: Ask) -> None:
    """TG-082, TG-083"""
    await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    put = await ask("PutSecretValue", SecretId="db", SecretString="2", ClientRequestToken=TWO)
    assert (put["VersionId"], put["VersionStages"]) == (TWO, ["AWSCURRENT"])
    assert await read(ask) == "2"
    assert await read(ask, VersionStage="AWSPREVIOUS") == "1"
    assert await read(ask, VersionId=ONE) == "1"
    assert await read(ask, VersionId=ONE, VersionStage="AWSPREVIOUS") == "1"
    described = await ask("DescribeSecret", SecretId="db")
    assert described["VersionIdsToStages"] == {ONE: ["AWSPREVIOUS"], TWO: ["AWSCURRENT"]}


async def test_the_same_token_is_the_same_call_or_an_error(ask: Ask) -> None:
    """TG-082"""
    first = await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    again = await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    assert again == first
    other = ask("CreateSecret", Name="db", SecretString="2", ClientRequestToken=ONE)
    assert (await refused(other))[0] == "ResourceExistsException"
    other = ask("CreateSecret", Name="db", SecretString="2", ClientRequestToken=TWO)
    assert (await refused(other))[0] == "ResourceExistsException"
    put = {"SecretId": "db", "SecretString": "2", "ClientRequestToken": TWO}
    assert await ask("PutSecretValue", **put) == await ask("PutSecretValue", **put)
    assert (await refused(ask("PutSecretValue", **put | {"SecretString": "3"})))[0] == (
        "ResourceExistsException"
    )


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"VersionStage": "AWSPENDING"}, "ResourceNotFoundException", "staging label: AWSPENDING"),
        ({"VersionId": TWO}, "ResourceNotFoundException", f"VersionId: {TWO}"),
        (
            {"VersionId": ONE, "VersionStage": "AWSPREVIOUS"},
            "InvalidRequestException",
            "not associated",
        ),
    ],
)
async def test_a_version_that_is_not_there(
    ask: Ask, more: dict[str, str], code: str, words: str
) -> None:
    """TG-083"""
    await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    found, message = await refused(read(ask, **more))
    assert found == code and words in message


async def test_a_secret_without_a_value(ask: Ask) -> None:
    await ask("CreateSecret", Name="db")
    assert "AWSCURRENT" in (await refused(read(ask)))[1]
    put = {"SecretId": "db", "ClientRequestToken": ONE, "VersionStages": ["mine"]}
    answer = await ask("PutSecretValue", SecretString="1", **put)
    assert answer["VersionStages"] == ["mine", "AWSCURRENT"]  # the first is always current


async def test_a_stage_is_moved_by_hand(ask: Ask) -> None:
    await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    await ask("PutSecretValue", SecretId="db", SecretString="2", ClientRequestToken=TWO)
    move = {"SecretId": "db", "VersionStage": "AWSCURRENT"}
    code, message = await refused(ask("UpdateSecretVersionStage", **move, MoveToVersionId=ONE))
    assert code == "InvalidParameterException" and TWO in message
    await ask("UpdateSecretVersionStage", **move, MoveToVersionId=ONE, RemoveFromVersionId=TWO)
    assert await read(ask) == "1"
    assert await read(ask, VersionStage="AWSPREVIOUS") == "2"
    code, _ = await refused(ask("UpdateSecretVersionStage", **move, RemoveFromVersionId=ONE))
    assert code == "InvalidParameterException"


async def test_a_deleted_secret_is_not_read_and_can_be_restored(
    ask: Ask, call_of: Callable[..., Call]
) -> None:
    """TG-086"""
    now = call_of("secretsmanager", "x").now
    await ask("CreateSecret", Name="db", SecretString="1")
    gone = await ask("DeleteSecret", SecretId="db", RecoveryWindowInDays=7)
    assert gone["DeletionDate"] == now + timedelta(days=7)
    code, message = await refused(read(ask))
    assert code == "InvalidRequestException" and "marked for deletion" in message
    code, message = await refused(ask("CreateSecret", Name="db", SecretString="2"))
    assert code == "InvalidRequestException" and "scheduled for deletion" in message
    assert (await ask("ListSecrets"))["SecretList"] == []
    assert len((await ask("ListSecrets", IncludePlannedDeletion=True))["SecretList"]) == 1
    await ask("RestoreSecret", SecretId="db")
    assert await read(ask) == "1"


async def test_a_deleted_secret_is_gone_when_its_window_is_over(
    ask: Ask, store: Store, call_of: Callable[..., Call]
) -> None:
    """TG-086"""
    later = call_of("secretsmanager", "x").now + timedelta(days=30)
    await ask("CreateSecret", Name="db", SecretString="1")
    await ask("CreateSecret", Name="other", SecretString="1")
    await ask("DeleteSecret", SecretId="db")
    assert (await refused(ask("RestoreSecret", at=later, SecretId="db")))[0] == (
        "ResourceNotFoundException"
    )
    assert await purge(store.database, later) == 1
    await ask("CreateSecret", at=later, Name="db", SecretString="2")
    assert await read(ask) == "2"


async def test_a_name_is_free_again_before_the_sweep_came_by(
    ask: Ask, call_of: Callable[..., Call]
) -> None:
    later = call_of("secretsmanager", "x").now + timedelta(days=31)
    await ask("CreateSecret", Name="db", SecretString="1")
    await ask("DeleteSecret", SecretId="db")
    await ask("CreateSecret", at=later, Name="db", SecretString="2")
    assert await read(ask, at=later) == "2"


@pytest.mark.parametrize(
    "more",
    [
        {"RecoveryWindowInDays": 6},
        {"RecoveryWindowInDays": 31},
        {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
    ],
)
async def test_recovery_windows_out_of_bounds(ask: Ask, more: dict[str, Any]) -> None:
    """TG-086"""
    await ask("CreateSecret", Name="db", SecretString="1")
    code, _ = await refused(ask("DeleteSecret", SecretId="db", **more))
    assert code == "InvalidParameterException"
    assert await read(ask) == "1"


async def test_deletion_by_force_is_at_once_and_of_nothing_no_error(ask: Ask) -> None:
    """TG-086"""
    await ask("CreateSecret", Name="db", SecretString="1")
    for _ in range(2):
        await ask("DeleteSecret", SecretId="db", ForceDeleteWithoutRecovery=True)
    assert (await refused(read(ask)))[0] == "ResourceNotFoundException"
    await ask("CreateSecret", Name="db", SecretString="2")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"Name": "a b"}, "ValidationException"),
        ({"Name": "db", "SecretString": "x", "SecretBinary": b"x"}, "InvalidParameterException"),
        ({"Name": "db", "SecretString": "é" * 40000}, "ValidationException"),
        ({"Name": "db", "AddReplicaRegions": [{"Region": "eu-west-1"}]}, "NotImplemented"),
        ({"Name": "db", "Tags": [{"Key": "aws:x", "Value": "1"}]}, "InvalidParameterException"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    ask: Ask, request_: dict[str, Any], code: str
) -> None:
    assert (await refused(ask("CreateSecret", **request_)))[0] == code
    assert (await ask("ListSecrets"))["SecretList"] == []


async def test_a_change_of_description_keeps_the_value(ask: Ask) -> None:
    await ask("CreateSecret", Name="db", SecretString="1", Description="old", KmsKeyId="alias/k")
    assert "VersionId" not in await ask("UpdateSecret", SecretId="db", Description="new")
    assert "VersionId" in await ask("UpdateSecret", SecretId="db", SecretString="2")
    described = await ask("DescribeSecret", SecretId="db")
    assert (described["Description"], described["KmsKeyId"]) == ("new", "alias/k")
    assert await read(ask) == "2"


async def test_secrets_are_listed_in_pages_in_the_order_asked_for(ask: Ask) -> None:
    for name in ("b", "a", "c"):
        await ask("CreateSecret", Name=name, Tags=[{"Key": "team", "Value": name}])
    first = await ask("ListSecrets", SortBy="name", SortOrder="asc", MaxResults=2)
    rest = await ask("ListSecrets", SortBy="name", SortOrder="asc", NextToken=first["NextToken"])
    names = [row["Name"] for row in (*first["SecretList"], *rest["SecretList"])]
    assert names == ["a", "b", "c"] and "NextToken" not in rest
    chosen = await ask("ListSecrets", Filters=[{"Key": "tag-value", "Values": ["!b"]}])
    assert {row["Name"] for row in chosen["SecretList"]} == {"a", "c"}
    assert (await refused(ask("ListSecrets", NextToken="x")))[0] == "InvalidNextTokenException"


async def test_versions_without_a_stage_are_listed_when_asked_for(ask: Ask) -> None:
    await ask("CreateSecret", Name="db", SecretString="1", ClientRequestToken=ONE)
    for token in (TWO, THREE):
        await ask("PutSecretValue", SecretId="db", SecretString=token, ClientRequestToken=token)
    shown = await ask("ListSecretVersionIds", SecretId="db")
    assert {row["VersionId"] for row in shown["Versions"]} == {TWO, THREE}
    every = await ask("ListSecretVersionIds", SecretId="db", IncludeDeprecated=True)
    assert len(every["Versions"]) == 3


async def test_several_secrets_are_read_at_once(ask: Ask) -> None:
    await ask("CreateSecret", Name="a", SecretString="1")
    answer = await ask("BatchGetSecretValue", SecretIdList=["a", "x"])
    assert [row["SecretString"] for row in answer["SecretValues"]] == ["1"]
    assert [row["SecretId"] for row in answer["Errors"]] == ["x"]


async def test_tags_and_policies(ask: Ask) -> None:
    await ask("CreateSecret", Name="db", Tags=[{"Key": "x", "Value": "1"}])
    await ask("TagResource", SecretId="db", Tags=[{"Key": "y", "Value": "2"}])
    await ask("UntagResource", SecretId="db", TagKeys=["x"])
    tags = (await ask("DescribeSecret", SecretId="db"))["Tags"]
    assert tags == [{"Key": "y", "Value": "2"}]
    policy = '{"Version":"2012-10-17","Statement":[]}'
    await ask("PutResourcePolicy", SecretId="db", ResourcePolicy=policy)
    assert (await ask("GetResourcePolicy", SecretId="db"))["ResourcePolicy"] == policy
    bad = ask("PutResourcePolicy", SecretId="db", ResourcePolicy="[" * 10000)
    assert (await refused(bad))[0] == "MalformedPolicyDocumentException"
    await ask("DeleteResourcePolicy", SecretId="db")
    assert "ResourcePolicy" not in await ask("GetResourcePolicy", SecretId="db")


async def test_passwords_have_what_is_asked_for(ask: Ask) -> None:
    password = (await ask("GetRandomPassword", PasswordLength=4))["RandomPassword"]
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)
    assert all(set(kind) & set(password) for kind in kinds)
    digits = await ask(
        "GetRandomPassword",
        PasswordLength=100,
        ExcludeLowercase=True,
        ExcludeUppercase=True,
        ExcludePunctuation=True,
        ExcludeCharacters="0123456",
    )
    assert set(digits["RandomPassword"]) <= set("789") and len(digits["RandomPassword"]) == 100
    assert (await refused(ask("GetRandomPassword", PasswordLength=3)))[0] == (
        "InvalidParameterException"
    )
