"""Secrets that are asked for as parameters: `/aws/reference/secretsmanager/NAME`."""

from __future__ import annotations

import json
from base64 import b64encode

from penstock.errors import AwsError
from penstock.services.secretsmanager.values import Values
from penstock.services.service import Answer
from penstock.state.calls import Call
from penstock.store import Store

PREFIX = "/aws/reference/secretsmanager/"


async def referred(store: Store, call: Call, name: str, *, decrypt: bool) -> Answer:
    """A secret in the shape of a parameter, its version 0. Raises AwsError: ValidationException,
    ParameterNotFound.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
    """
    if not decrypt:
        raise AwsError(
            "ValidationException",
            "WithDecryption flag must be True for retrieving a Secret Manager secret.",
        )
    try:
        asked = {"SecretId": name.removeprefix(PREFIX)}
        secret = await Values(store).get_secret_value(call, asked)
    except AwsError as error:
        raise AwsError(
            "ParameterNotFound",
            f"An error occurred ({error.code}) when referencing Secrets Manager: Secret {name} not"
            " found.",
        ) from None
    value = secret.get("SecretString")
    source = {key: secret[key] for key in ("ARN", "Name", "VersionId", "VersionStages")}
    return {
        "Name": name,
        "Type": "SecureString",
        "Value": b64encode(secret["SecretBinary"]).decode() if value is None else value,
        "Version": 0,
        "SourceResult": json.dumps(source),
        "LastModifiedDate": secret["CreatedDate"],
        "ARN": call.arn(f"parameter{name}"),
        "DataType": "text",
    }
