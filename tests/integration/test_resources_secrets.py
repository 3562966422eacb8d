"""Secrets that stacks make (TG-081, TG-082)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.stacks import Kind, Made, NotMade

from .resource_bench import Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio
SECRET = "AWS::SecretsManager::Secret"
POLICY = "AWS::SecretsManager::ResourcePolicy"
ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
DRAWN = {
    "Name": "db",
    "GenerateSecretString": {
        "SecretStringTemplate": '{"username":"ada"}',
        "GenerateStringKey": "password",
        "PasswordLength": "20",
        "ExcludePunctuation": True,
    },
}


async def value(bench: Bench, secret: str = "db") -> str:
    found = await bench.ask("secretsmanager", "GetSecretValue", SecretId=secret)
    return str(found["SecretString"])


async def test_a_secret_is_drawn_once_and_kept(bench: Bench) -> None:
    made = await bench.create("Db", SECRET, DRAWN)
    arn = made.physical_id
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:db-")
    assert made.attributes == {"Id": arn}
    first = json.loads(await value(bench))
    assert first["username"] == "ada"
    assert len(first["password"]) == 20
    assert first["password"].isalnum()

    again = await bench.create("Db", SECRET, DRAWN, again=True)
    assert again.physical_id == arn
    await bench.update("Db", {**DRAWN, "Description": "of the shop"})
    assert json.loads(await value(bench)) == first

    rules = {**DRAWN["GenerateSecretString"], "PasswordLength": 30}  # type: ignore[dict-item]
    await bench.update("Db", {**DRAWN, "GenerateSecretString": rules})
    assert len(json.loads(await value(bench))["password"]) == 30
    about = await bench.ask("secretsmanager", "DescribeSecret", SecretId=arn)
    assert about.get("Description", "") == ""
    await bench.delete("Db")
    with pytest.raises(AwsError, match="can't find"):
        await value(bench)


async def test_a_secret_with_a_value_of_the_template(bench: Bench) -> None:
    given = {"SecretString": "a", "KmsKeyId": "alias/k", "Tags": [{"Key": "a", "Value": "1"}]}
    made = await bench.create("Db", SECRET, given)
    about = await bench.ask("secretsmanager", "DescribeSecret", SecretId=made.physical_id)
    assert about["Name"].startswith("Db-")
    assert (about["KmsKeyId"], len(about["Tags"])) == ("alias/k", 2)
    await bench.update("Db", {"SecretString": "b"})
    about = await bench.ask("secretsmanager", "DescribeSecret", SecretId=made.physical_id)
    assert about["Tags"] == [{"Key": "team", "Value": "web"}]
    assert about.get("KmsKeyId", "") == ""
    assert await value(bench, made.physical_id) == "b"


async def test_a_secret_of_somebody_else_is_refused(bench: Bench) -> None:
    await bench.create("Db", SECRET, {"Name": "db"})
    assert "already exists" in await bench.refused("Db", SECRET, {"Name": "db"})


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"SecretString": "a", "GenerateSecretString": {}}, "You can't specify both"),
        ({"GenerateSecretString": {"GenerateStringKey": "p"}}, "can only be given together"),
        ({"ReplicaRegions": [{"Region": "eu-west-1"}]}, "not implemented: "),
        ({"Secret": "a"}, "Encountered unsupported property Secret"),
        ({"GenerateSecretString": {"Length": 3}}, "Encountered unsupported property Length"),
    ],
)
async def test_what_there_is_not_is_refused_by_name(
    bench: Bench, properties: dict[str, Any], told: str
) -> None:
    assert told in await bench.refused("Db", SECRET, properties)


async def test_the_policy_of_a_secret(bench: Bench) -> None:
    secret = (await bench.create("Db", SECRET, {"Name": "db"})).physical_id
    asked = {"SecretId": secret, "ResourcePolicy": {"Statement": []}}
    made = await bench.create("Policy", POLICY, asked)
    assert (made.physical_id, made.attributes) == (secret, {"Id": secret})
    await bench.update("Policy", {**asked, "ResourcePolicy": {"Statement": [{"Effect": "Deny"}]}})
    found = await bench.ask("secretsmanager", "GetResourcePolicy", SecretId=secret)
    assert json.loads(found["ResourcePolicy"]) == {"Statement": [{"Effect": "Deny"}]}
    await bench.delete("Policy")
    found = await bench.ask("secretsmanager", "GetResourcePolicy", SecretId=secret)
    assert "ResourcePolicy" not in found
    await bench.delete("Db")
    await bench.delete("Policy")


async def test_a_secret_is_told_of_its_database(bench: Bench) -> None:
    secret = (await bench.create("Db", SECRET, DRAWN)).physical_id
    endpoint = {"Address": "db.example", "Port": 5432}
    bench.cloud.answers["DescribeDBInstances"] = {
        "DBInstances": [{"Engine": "postgres", "Endpoint": endpoint, "DBName": "shop"}]
    }
    asked = {"SecretId": secret, "TargetId": "one", "TargetType": "AWS::RDS::DBInstance"}
    made = await bench.create("Told", ATTACHMENT, asked)
    assert (made.physical_id, made.kind) == (secret, Kind.REAL)
    told = json.loads(await value(bench))
    assert (told["host"], told["port"], told["dbInstanceIdentifier"]) == ("db.example", 5432, "one")
    assert told["username"] == "ada"
    await bench.delete("Told")
    assert sorted(json.loads(await value(bench))) == ["password", "username"]


async def test_a_secret_of_a_database_that_is_only_recorded(bench: Bench) -> None:
    secret = (await bench.create("Db", SECRET, DRAWN)).physical_id
    asked = {"SecretId": secret, "TargetId": "one", "TargetType": "AWS::RDS::DBCluster"}
    made = await bench.create("Told", ATTACHMENT, asked)
    assert made == Made(secret, {"Id": secret}, Kind.RECORDED)
    assert "host" not in json.loads(await value(bench))


async def test_databases_that_cannot_be_asked_are_named(bench: Bench) -> None:
    secret = (await bench.create("Db", SECRET, DRAWN)).physical_id
    asked = {"SecretId": secret, "TargetId": "one", "TargetType": "AWS::Redshift::Cluster"}
    assert "of AWS::Redshift::Cluster" in await bench.refused("Told", ATTACHMENT, asked)


async def test_an_update_whose_tags_are_refused_has_failed(bench: Bench) -> None:
    await bench.create("Db", SECRET, {"Name": "db"})
    many = [{"Key": str(number), "Value": ""} for number in range(60)]
    outcome = await bench.updated("Db", {"Name": "db", "Tags": many})
    assert isinstance(outcome, NotMade)
    assert "at most 50 tags" in outcome.reason
