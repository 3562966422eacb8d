"""Types of the published schemas that nothing makes: recorded, with ids and attributes of the form
that AWS gives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from penstock.documents.resource_schemas import _index, published_schema, schema_of
from penstock.errors import AwsError
from penstock.resources import MODULES, handler_of
from penstock.resources.plausible import Plausible
from penstock.resources.recorded import Recorded
from penstock.resources.simulated import TYPES
from penstock.state.stacks import Kind, TaskAction

from .resource_bench import Bench
from .resource_bench import bench as bench

pytestmark = pytest.mark.anyio

POOL = "AWS::Cognito::UserPool"
ARN = re.compile(r"arn:aws:[a-z0-9-]+:us-east-1:000000000000:.+")


async def test_a_resource_is_recorded_and_said_to_be(bench: Bench) -> None:
    made = await bench.create("Users", POOL, {"UserPoolName": "shop"})
    assert made.kind is Kind.RECORDED
    schema = schema_of(POOL)
    assert schema and schema.attributes
    assert set(made.attributes) == set(schema.attributes)
    assert made.attributes["UserPoolId"] == made.physical_id
    assert made.attributes["Arn"].startswith("arn:aws:cognito-idp:us-east-1:000000000000:userpool/")
    assert made.attributes["ProviderURL"].endswith(".example.invalid/")

    changed = await bench.update("Users", {"UserPoolName": "shop", "MfaConfiguration": "ON"})
    assert changed == made
    await bench.delete("Users")


async def test_a_name_that_a_template_gives_is_the_physical_id(bench: Bench) -> None:
    type = "AWS::Backup::BackupVault"
    made = await bench.create("Vault", type, {"BackupVaultName": "nightly"})
    assert made.physical_id == "nightly"
    assert made.attributes["BackupVaultArn"].endswith("/nightly")
    type = "AWS::SSO::Assignment"
    given = {
        "InstanceArn": "arn:aws:sso:::instance/a", "TargetId": "1", "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": "arn:aws:sso:::permissionSet/b", "PrincipalType": "USER",
        "PrincipalId": "ada",
    }  # fmt: skip
    joined = await bench.create("Access", type, given)
    assert joined.physical_id.count("|") == 5


async def test_what_a_type_lacks_or_needs_is_told(bench: Bench) -> None:
    type = "AWS::Backup::BackupVault"
    for properties, told in (
        ({}, "required key [BackupVaultName] not found"),
        ({"BackupVaultName": "a", "Nme": 1}, "Encountered unsupported property Nme"),
    ):
        assert told in await bench.refused("Vault", type, properties)


def test_a_type_that_is_not_published_has_no_handler() -> None:
    with pytest.raises(AwsError, match=r"Unrecognized resource types: \[AWS::No::Thing\]"):
        handler_of("AWS::No::Thing")


def published() -> list[str]:
    return sorted(type for type in _index() if type.startswith("AWS::"))


async def test_every_published_type_has_an_id_and_all_its_attributes(bench: Bench) -> None:
    for type in published():
        schema = schema_of(type)
        if schema is None or schema.attributes is None:
            continue
        first, again = (
            Plausible(bench.job(TaskAction.CREATE, "Thing", type, {}), schema) for _ in range(2)
        )
        id, attributes = first.physical_id(), first.attributes()
        assert (id, attributes) == (again.physical_id(), again.attributes()), type
        assert id and set(attributes) == set(schema.attributes), type
        json.dumps(attributes)


async def test_attributes_are_of_the_form_their_schemas_say(bench: Bench) -> None:
    """Some patterns only AWS can meet; most are met."""
    checked, met = 0, 0
    for type in published():
        schema = schema_of(type)
        if schema is None or not schema.attributes:
            continue
        described = (published_schema(type) or {}).get("properties", {})
        values = Plausible(bench.job(TaskAction.CREATE, "Thing", type, {}), schema)
        for name, value in values.attributes().items():
            told: dict[str, Any] = described.get(name, {})
            if isinstance(value, str) and (pattern := told.get("pattern")):
                checked += 1
                met += _matches(pattern, value)
    assert checked > 500
    assert met / checked > 0.65


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def test_types_with_modules_and_models_are_not_only_recorded() -> None:
    for type in ("AWS::IAM::Role", "AWS::SNS::Topic", "AWS::Lambda::Function", *TYPES):
        assert not isinstance(handler_of(type), Recorded)
    assert isinstance(handler_of("AWS::CloudWatch::CompositeAlarm"), Recorded)
    assert "AWS::CloudWatch" in MODULES
